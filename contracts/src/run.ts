import * as z from 'zod'
import { httpMethods } from './http-methods.ts'
import { logLevels } from './log.ts'

/** Longest text of a request that may be sent with a run, in characters; the code travels in the same body. */
export const runBodyCharactersMax = 256 * 1024

/** The one request that a run is given, as a caller would have sent it. */
export const runRequestSchema = z.strictObject({
  method: z.enum(httpMethods).default('POST'),
  /** What follows the "?", without it. */
  query: z.string().max(4096).optional(),
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'This is no name of a header.'), z.string().max(4096)).optional(),
  body: z.string().max(runBodyCharactersMax).optional(),
})
export type RunRequest = z.infer<typeof runRequestSchema>

/** Code that was not saved, run once against dev; nothing of it is published. */
export const runFunctionSchema = z.strictObject({ code: z.string(), request: runRequestSchema.prefault({}) })
export type RunFunction = z.infer<typeof runFunctionSchema>

export const runLogSchema = z.object({ level: z.enum(logLevels), message: z.string(), at: z.iso.datetime(), durationMs: z.number().optional() })
export type RunLog = z.infer<typeof runLogSchema>

export const runResultSchema = z
  .object({
    status: z.number().int(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    body: z.string(),
    bodyEncoding: z.enum(['utf8', 'base64']),
    /** There was more than is told here. */
    isTruncated: z.boolean(),
    /** From the request's start in the runtime to the end of its answer, in milliseconds; loading the code is not in it. */
    durationMs: z.number(),
    logs: z.array(runLogSchema),
    /** Why the function did not answer by itself. Its author reads here what callers never see. */
    error: z
      .object({ code: z.string(), message: z.string(), line: z.number().int().positive().optional(), column: z.number().int().positive().optional() })
      .optional(),
  })
  .meta({ id: 'RunResult' })
export type RunResult = z.infer<typeof runResultSchema>
