import { hostCalls, type InvokeFailure, isTextual } from '../../bridge.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from '../current-request.ts'
import { callHost } from '../host.ts'
import { checkHeaderName, checkHeaderValue } from '../http/header-rules.ts'

export interface InvokeOptions {
  /** At most the rest of the caller's own time, which is also the default. */
  timeoutMs?: number
  headers?: Record<string, string>
}

interface Waiting {
  readonly functionName: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly request: CurrentRequest | undefined
  /** Holds the place of the call in the author's code; the answer comes from a stack of its own. */
  readonly from: Error
}

const waitingMax = 1000
const waiting = new Map<number, Waiting>()
let lastTicket = 0

/** `imp.invoke`: a POST to another function of this gateway and environment. */
export async function invoke(name: unknown, input?: unknown, options: InvokeOptions = {}): Promise<unknown> {
  if (typeof name !== 'string' || name === '' || name.includes('\n')) throw new TypeError('imp.invoke takes the name of a function, for example "orders/list".')
  const body = input === undefined ? '' : JSON.stringify(input)
  if (body === undefined) throw new TypeError(`The input of imp.invoke is a ${typeof input}, which has no JSON form.`)
  const timeoutMs = options.timeoutMs === undefined ? 0 : Math.max(1, Math.trunc(Number(options.timeoutMs)) || 1)
  const headers = headerLines(options.headers ?? {}, body !== '')
  const request = currentRequest()
  return new Promise((resolve, reject) => {
    assertNotOver()
    if (waiting.size >= waitingMax) throw new RangeError(`At most ${waitingMax} calls of imp.invoke may wait at the same time.`)
    const ticket = ++lastTicket
    waiting.set(ticket, { functionName: name, resolve, reject, request, from: new Error() })
    callHost(hostCalls.invoke, ticket, request?.call ?? -1, name, request?.id ?? '', timeoutMs, headers, body)
  })
}

onRequestOver((request, reason) => {
  for (const [ticket, found] of waiting) {
    if (found.request !== request) continue
    waiting.delete(ticket)
    found.reject(reason)
  }
})

function headerLines(headers: Record<string, string>, hasBody: boolean): string {
  let lines = hasBody ? '\ncontent-type\napplication/json' : ''
  for (const [name, value] of Object.entries(headers)) lines += `\n${checkHeaderName(name)}\n${checkHeaderValue(name, value)}`
  return lines
}

export function settleInvoke(ticket: number, isAnswered: boolean, payload: string): void {
  const found = waiting.get(ticket)
  if (found === undefined) return
  waiting.delete(ticket)
  enterRequest(found.request)
  if (isAnswered) settleWithAnswer(found, payload)
  else {
    const { code, message, status } = JSON.parse(payload) as InvokeFailure
    found.reject(failure(found, message, { code, status }))
  }
}

function settleWithAnswer(found: Waiting, payload: string): void {
  const headEnd = payload.indexOf('\n\n')
  const [status, ...lines] = payload.slice(0, headEnd).split('\n')
  const body = parseBody(payload.slice(headEnd + 2), headerOf(lines, 'content-type'))
  if (Number(status) < 400) found.resolve(body)
  else found.reject(failure(found, `Function "${found.functionName}" answered ${status}.`, { code: 'INVOKE_REFUSED', status: Number(status), body }))
}

function headerOf(lines: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < lines.length; at += 2) if (lines[at]?.toLowerCase() === name) return lines[at + 1]
  return undefined
}

function parseBody(text: string, contentType: string | undefined): unknown {
  if (text === '') return undefined
  if (contentType === undefined || !isTextual(contentType)) return Uint8Array.from(text, (char) => char.charCodeAt(0))
  if (!/^\s*application\/(?:[\w.-]+\+)?json/i.test(contentType)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function failure({ functionName, from }: Waiting, message: string, facts: { code: string; status: number; body?: unknown }): Error {
  const error = Object.assign(from, { functionName, ...facts })
  Object.defineProperty(error, 'name', { value: 'InvokeError', configurable: true, writable: true })
  Object.defineProperty(error, 'message', { value: message, configurable: true, writable: true })
  error.stack = `InvokeError: ${message}\n${(from.stack ?? '').split('\n').slice(1).join('\n')}`
  return error
}
