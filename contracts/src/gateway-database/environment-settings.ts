import { z } from 'zod'
import { authTypeSchema, environmentLimitsSchema } from '../environment.ts'
import { environmentNameSchema } from '../names.ts'

/** `__environments`: one per environment. */
export const environmentSettingsSchema = z.object({
  environment: environmentNameSchema,
  revision: z.number().int(),
  authType: authTypeSchema,
  limits: environmentLimitsSchema,
})
export type EnvironmentSettings = z.infer<typeof environmentSettingsSchema>
