import { z } from 'zod'
import { functionLimitsSchema, methodsSchema } from '../function.ts'
import { environmentNameSchema } from '../names.ts'
import { scheduleRuleSchema } from '../schedule.ts'

/** `__published_functions`: one per (environment, name), replaced by one upsert. A removal is a document with `isRemoved`, so that a re-read sees it. */
export const publishedFunctionSchema = z.object({
  environment: environmentNameSchema,
  name: z.string(),
  revision: z.number().int(),
  releaseId: z.string(),
  /** semver of the release. */
  version: z.string(),
  /** Compiled bundle: a classic script that leaves the module's exports in `globalThis.__exports`. */
  code: z.string(),
  sourceMap: z.string(),
  methods: methodsSchema.optional(),
  limits: functionLimitsSchema,
  schedule: scheduleRuleSchema.optional(),
  publishedAt: z.date(),
  deploymentId: z.string(),
  isRemoved: z.boolean().default(false),
})
export type PublishedFunction = z.infer<typeof publishedFunctionSchema>
