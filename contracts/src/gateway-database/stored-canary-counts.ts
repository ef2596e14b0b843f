import * as z from 'zod'
import { canaryWindowSchema } from '../canary.ts'
import { environmentNameSchema } from '../names.ts'

/** Longer than any canary takes. */
export const canaryCountsTtlS = 2 * 24 * 3600
/**
 * `__canary_counts`: how the calls of one canary went in one runtime since it began there. Calls only add up; a runtime that starts anew writes a document
 * of its own, so their sum over all documents of a deployment never falls. A call that is late counts as failed, and no longer when it ends well after all.
 */
export const storedCanaryCountsSchema = canaryWindowSchema.extend({
  deploymentId: z.string(),
  environment: environmentNameSchema,
  functionName: z.string(),
  /** By the database's clock. */
  at: z.date(),
})
export type StoredCanaryCounts = z.infer<typeof storedCanaryCountsSchema>
