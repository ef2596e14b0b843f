import { logLevels } from '@imprun/contracts'
import * as z from 'zod'
import type { FailedMessage, LogMessage, RefusedMessage } from '../../frames/frames.ts'

/** What a worker says in JSON, parsed like anything from outside: it runs other people's code. */

const refusedSchema = z.object({
  code: z.enum(['CODE_NOT_COMPILING', 'CODE_WITHOUT_DEFAULT_EXPORT', 'CODE_THROWS_AT_LOAD', 'INTERNAL']).catch('INTERNAL'),
  message: z.string().max(16_384),
  file: z.string().max(512).optional(),
  line: z.number().int().positive().optional(),
  column: z.number().int().positive().optional(),
})
const failedSchema = z.object({ code: z.enum(['FUNCTION_FAILED', 'FUNCTION_TIMED_OUT', 'FUNCTION_ANSWER_INVALID']).catch('FUNCTION_FAILED') })
const logSchema = z.object({
  index: z.number().int().nonnegative(),
  version: z.string().max(64),
  requestId: z.string().max(128).optional(),
  level: z.enum(logLevels),
  message: z.string().max(65_536),
  at: z.number(),
  durationMs: z.number().nonnegative().optional(),
})

/** @returns undefined for what no worker of ours writes */
export const readLog = (buffer: Buffer, at: number, end: number): LogMessage | undefined => parse(logSchema, buffer, at, end) as LogMessage | undefined
export const readRefusal = (buffer: Buffer, at: number, end: number): RefusedMessage =>
  (parse(refusedSchema, buffer, at, end) as RefusedMessage | undefined) ?? { code: 'INTERNAL', message: 'The worker gave no reason.' }
export const readFailure = (buffer: Buffer, at: number, end: number): FailedMessage['code'] => parse(failedSchema, buffer, at, end)?.code ?? 'FUNCTION_FAILED'

function parse<T>(schema: z.ZodType<T>, buffer: Buffer, at: number, end: number): T | undefined {
  try {
    return schema.parse(JSON.parse(buffer.toString('utf8', at, end)))
  } catch {
    return undefined
  }
}
