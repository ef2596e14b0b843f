import type { RunLog, RunResult } from '@imprun/contracts'
import { type InternalAnswer, InternalCallError } from '../supervision/internal-call.ts'

const bodyBytesMax = 1024 * 1024

/** How a run went, as its author reads it: with the stack that no caller sees. */
export function toRunResult(functionName: string, answer: InternalAnswer | InternalCallError, logs: readonly RunLog[], durationMs: number): RunResult {
  const rounded = Math.round(durationMs * 1000) / 1000
  if (answer instanceof InternalCallError) return toFailure(functionName, answer, logs, rounded)
  const { status, headers, body } = answer
  const shown = body.subarray(0, bodyBytesMax)
  const text = toText(shown)
  return {
    status,
    headers: pairs(headers),
    body: text ?? shown.toString('base64'),
    bodyEncoding: text === undefined ? 'base64' : 'utf8',
    isTruncated: shown.length < body.length,
    durationMs: rounded,
    logs: [...logs],
  }
}

/** The line that tells why is the last error that was logged: it is told as the error and not twice. */
function toFailure(functionName: string, { code, message, status }: InternalCallError, logs: readonly RunLog[], durationMs: number): RunResult {
  const at = logs.findLastIndex(({ level }) => level === 'error')
  const reason = logs[at]?.message ?? message
  const place = findPlace(functionName, reason)
  return {
    ...{ status, headers: [], body: '', bodyEncoding: 'utf8' as const, isTruncated: false, durationMs },
    logs: at < 0 ? [...logs] : logs.toSpliced(at, 1),
    error: { code, message: reason, ...place },
  }
}

/** The first frame that is in the function's own file. */
function findPlace(functionName: string, stack: string): { line: number; column: number } | undefined {
  const file = `${functionName}.ts:`
  for (let at = stack.indexOf(file); at >= 0; at = stack.indexOf(file, at + 1)) {
    const [, line, column] = /^(\d+):(\d+)/.exec(stack.slice(at + file.length)) ?? []
    const isWhole = at === 0 || /[\s(]/.test(stack[at - 1] as string)
    if (isWhole && line !== undefined && Number(line) > 0) return { line: Number(line), column: Math.max(1, Number(column)) }
  }
  return undefined
}

function toText(bytes: Buffer): string | undefined {
  // A character may have been cut in two at the end of what is shown.
  const decoded = new TextDecoder('utf-8').decode(bytes)
  return decoded.slice(0, -1).includes('\ufffd') ? undefined : decoded
}

function pairs(headers: readonly string[]): [string, string][] {
  const made: [string, string][] = []
  for (let i = 0; i + 1 < headers.length; i += 2) made.push([headers[i] as string, headers[i + 1] as string])
  return made
}
