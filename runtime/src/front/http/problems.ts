import { type ErrorCode, errorCodes, toProblem } from '@imprun/contracts'
import { toAnswerHead } from './answer-head.ts'
import type { EdgeReply } from './exchange/exchange.ts'

/** What callers of functions read; it never tells how a function is built or why it failed. */
const details: Partial<Record<ErrorCode, string>> = {
  GATEWAY_NOT_FOUND: 'No gateway answers here. Check the host name, or the first part of the path.',
  ENVIRONMENT_NOT_FOUND: 'This gateway has no such environment here. Use dev, staging or prod.',
  FUNCTION_NOT_FOUND: 'No function of that name is published in this environment.',
  METHOD_NOT_ALLOWED: 'The function does not take this method. The Allow header names those it takes.',
  API_KEY_REQUIRED: 'Send a valid API key of this environment in the header "apikey".',
  BODY_TOO_LARGE: 'The body is larger than this function takes.',
  REQUEST_INVALID: 'The request is not well-formed HTTP for this server.',
  FUNCTION_FAILED: 'The function failed. Its log has the reason under this request id.',
  FUNCTION_TIMED_OUT: 'The function did not answer in time.',
  FUNCTION_ANSWER_INVALID: 'The function answered something that can not be sent. Its log has the reason under this request id.',
  WORKER_LOST: 'The process that ran the function was lost. It may have run in part.',
  WORKER_OVERLOADED: 'Too many calls of this environment are waiting. Try again in a moment.',
  DATABASE_UNAVAILABLE: 'The function is not in memory and can not be read just now. Try again in a moment.',
  SHUTTING_DOWN: 'This runtime is stopping. Try again in a moment.',
}
const retryAfterS = '1'

/** Answers with a problem document, or, when an answer has begun, ends the connection so that nobody takes it for whole. */
export function sendProblem(reply: EdgeReply, code: ErrorCode, requestId: string, more: readonly string[] = []): void {
  if (reply.hasBegun) {
    reply.destroy()
    return
  }
  const { status, headers, body } = renderProblem(code, requestId)
  reply.sendWhole(toAnswerHead(status, [...headers, ...more]), requestId, body)
}

/** The same for a connection whose request could not even be read: the whole answer as text, after which it is closed. */
export function problemText(code: ErrorCode, status: number, requestId: string): string {
  const { headers, body } = renderProblem(code, requestId, status)
  const head = toAnswerHead(status, headers)
  return `${head.text}Connection: close\r\nx-request-id: ${requestId}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** `body` has one character a byte. */
function renderProblem(code: ErrorCode, requestId: string, status: number = errorCodes[code].status): { status: number; headers: string[]; body: string } {
  const text = JSON.stringify({ ...toProblem(code, details[code] ?? 'The request could not be answered.', requestId), status })
  const headers = ['content-type', 'application/problem+json']
  if (status === 503) headers.push('retry-after', retryAfterS)
  if (status === 401) headers.push('www-authenticate', 'ApiKey')
  return { status, headers, body: Buffer.from(text).toString('latin1') }
}
