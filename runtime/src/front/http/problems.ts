import type { ServerResponse } from 'node:http'
import { type ErrorCode, errorCodes, toProblem } from '@imprun/contracts'

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
export function sendProblem(response: ServerResponse, code: ErrorCode, requestId: string, more: readonly string[] = []): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, head, body } = renderProblem(code, requestId)
  response.writeHead(status, [...head, ...more])
  response.end(body)
}

/** The same for a connection whose request could not even be read: the whole answer as text, after which it is closed. */
export function problemText(code: ErrorCode, status: number, reason: string, requestId: string): string {
  const { head, body } = renderProblem(code, requestId, status)
  let lines = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\n`
  for (let i = 0; i < head.length; i += 2) lines += `${head[i]}: ${head[i + 1]}\r\n`
  return `${lines}\r\n${body}`
}

function renderProblem(code: ErrorCode, requestId: string, status: number = errorCodes[code].status): { status: number; head: string[]; body: string } {
  const body = JSON.stringify({ ...toProblem(code, details[code] ?? 'The request could not be answered.', requestId), status })
  const head = ['content-type', 'application/problem+json', 'x-request-id', requestId, 'content-length', String(Buffer.byteLength(body))]
  if (status === 503) head.push('retry-after', retryAfterS)
  if (status === 401) head.push('www-authenticate', 'ApiKey')
  return { status, head, body }
}
