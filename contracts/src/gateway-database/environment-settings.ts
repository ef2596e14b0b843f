import * as z from 'zod'
import { egressRulesDefault, egressRulesSchema } from '../egress-rules.ts'
import { authTypeSchema, environmentLimitsSchema } from '../environment.ts'
import { environmentNameSchema } from '../names.ts'

/** `__environments`: one per environment. */
export const environmentSettingsSchema = z.object({
  environment: environmentNameSchema,
  revision: z.number().int(),
  authType: authTypeSchema,
  limits: environmentLimitsSchema,
  egress: egressRulesSchema.default(egressRulesDefault),
  /** The data has reached its quota: functions may delete, but write no more. */
  isDatabaseFull: z.boolean().default(false),
})
export type EnvironmentSettings = z.infer<typeof environmentSettingsSchema>
