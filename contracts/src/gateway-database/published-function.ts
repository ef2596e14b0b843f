import * as z from 'zod'
import { functionLimitsSchema, methodsSchema } from '../function.ts'
import { environmentNameSchema } from '../names.ts'
import { scheduleRuleSchema } from '../schedule.ts'

/** What a runtime needs of a release to serve it. */
const served = {
  deploymentId: z.string(),
  releaseId: z.string(),
  /** semver of the release. */
  version: z.string(),
  /** Compiled bundle: a classic script that leaves the module's exports in `globalThis.__exports`. */
  code: z.string(),
  sourceMap: z.string(),
  methods: methodsSchema.optional(),
  limits: functionLimitsSchema,
}

/** A release beside the one that is served, for a part of its callers. A runtime that knows nothing of it serves everybody what stands above it. */
export const candidateSchema = z.object({
  /** Of the publication that brought it; it stays while the percentage grows. */
  revision: z.number().int(),
  /** Of callers; 0: it is only loaded. */
  percent: z.number().int(),
  ...served,
})
export type PublishedCandidate = z.infer<typeof candidateSchema>

/** `__published_functions`: one per (environment, name), replaced by one upsert. A removal is a document with `isRemoved`, so that a re-read sees it. */
export const publishedFunctionSchema = z.object({
  environment: environmentNameSchema,
  name: z.string(),
  revision: z.number().int(),
  ...served,
  schedule: scheduleRuleSchema.optional(),
  publishedAt: z.date(),
  isRemoved: z.boolean().default(false),
  /** The revision at which this code was put here; absent: `revision`. A candidate that comes and goes raises only `revision`. */
  codeRevision: z.number().int().optional(),
  candidate: candidateSchema.optional(),
})
export type PublishedFunction = z.infer<typeof publishedFunctionSchema>
