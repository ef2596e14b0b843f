import * as z from 'zod'
import { functionLimitsSchema } from '../function.ts'
import { environmentNameSchema } from '../names.ts'
import { runResultSchema } from '../run.ts'
import { applyFailureSchema } from './live-runtime.ts'

/** Names the run that a front is asked for: `<run id>.<secret>`. Functions never see it. */
export const runHeader = 'x-imprun-run'
export const runTicketPattern = /^([0-9a-f]{24})\.([0-9a-f]{64})$/

/** `__runs`: code that is run once and never published. The front that runs it takes the document away; MongoDB removes what nobody fetched. */
export const runTtlS = 5 * 60
export const storedRunSchema = z.object({
  environment: environmentNameSchema,
  name: z.string(),
  code: z.string(),
  sourceMap: z.string(),
  limits: functionLimitsSchema,
  /** sha256 of the secret, hex. */
  secretHash: z.string(),
  request: z.object({ method: z.string(), query: z.string(), headers: z.array(z.tuple([z.string(), z.string()])), body: z.string() }),
  createdAt: z.date(),
})
export type StoredRun = z.infer<typeof storedRunSchema>

/** What a front answers to a run: how it went, or why the code could not be loaded. */
export const runAnswerSchema = z.union([z.object({ result: runResultSchema }), z.object({ refusal: applyFailureSchema.omit({ name: true, revision: true }) })])
export type RunAnswer = z.infer<typeof runAnswerSchema>
