import { type CurrentRequest, endRequest, enterRequest } from './current-request.ts'
import { FunctionRequest } from './http/request.ts'
import { FunctionResponse } from './http/response.ts'
import { DOMException } from './web/dom-exception.ts'

interface OpenCall {
  readonly current: CurrentRequest
  readonly request: FunctionRequest
  readonly response: FunctionResponse
}

/** The host numbers calls by slot and generation. Slots are used again, so an array stays as small as the most calls that were open at once. */
const slotsMax = 2 ** 16
const open: (OpenCall | undefined)[] = []

/** For calls that outlive their first entry. */
export function keepOpenCall(opened: OpenCall): void {
  open[opened.current.call % slotsMax] = opened
}

/** The handler has come to its end and the answer is complete. */
export function releaseOpenCall(call: number): void {
  if (open[call % slotsMax]?.current.call === call) open[call % slotsMax] = undefined
}

/** Nobody waits for this call any more. @param isLate its time is up, so that what it still waits for fails */
export function abortOpenCall(call: number, isLate: boolean): void {
  const found = open[call % slotsMax]
  if (found === undefined || found.current.call !== call) return
  const { current, request, response } = found
  enterRequest(current)
  const reason = isLate
    ? new DOMException('The time limit of the function has passed, and nobody waits for this call any more.', 'TimeoutError')
    : new DOMException('The caller went away.', 'AbortError')
  FunctionRequest.abort(request, reason)
  FunctionResponse.close(response)
  if (!isLate) return
  releaseOpenCall(call)
  endRequest(current, reason)
}
