import { Body } from '../web/body.ts'
import { Response } from '../web/fetch-types.ts'
import type { FunctionResponse } from './response.ts'

/**
 * Answers with what the handler returned: a Response as it is, text and bytes as `res.send` would, anything else as JSON.
 * @throws TypeError when the value has no JSON form
 */
export function answerWithReturned(value: unknown, response: FunctionResponse): void {
  if (value instanceof Response) return answerWithResponse(value, response)
  if (typeof value === 'string') {
    if (response.get('content-type') === undefined) response.type('text/plain')
    response.send(value)
  } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) response.send(value)
  else {
    if (JSON.stringify(value) === undefined) throw new TypeError(`a ${typeof value} has no JSON form`)
    response.json(value)
  }
}

function answerWithResponse(value: Response, response: FunctionResponse): void {
  if (value.bodyUsed) throw new TypeError('the body of the Response has already been read')
  response.status(value.status)
  for (const [name, each] of value.headers) {
    response.set(name, name === 'set-cookie' ? value.headers.getSetCookie() : each)
  }
  response.end(Body.contentOf(value) ?? undefined)
}
