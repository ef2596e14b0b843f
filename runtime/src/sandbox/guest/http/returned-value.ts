import { type ByteSource, takeContent } from '../web/body.ts'
import { Response } from '../web/response.ts'
import type { FunctionResponse } from './response.ts'

/**
 * Answers with what the handler returned: a Response as it is, text and bytes as `res.send` would, anything else as JSON.
 * @returns for a streamed Response, when all of it has been handed on; rejects with what its stream fails with
 * @throws TypeError when the value cannot be an answer
 */
export function answerWithReturned(value: unknown, response: FunctionResponse): Promise<void> | undefined {
  if (value instanceof Response) return answerWithResponse(value, response)
  if (typeof value === 'string') {
    if (response.get('content-type') === undefined) response.type('text/plain')
    response.send(value)
  } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) response.send(value)
  else {
    if (JSON.stringify(value) === undefined) throw new TypeError(`a ${typeof value} has no JSON form`)
    response.json(value)
  }
  return undefined
}

function answerWithResponse(value: Response, response: FunctionResponse): Promise<void> | undefined {
  const content = takeContent(value)
  response.status(value.status)
  for (const [name, each] of value.headers) {
    response.setHeader(name, name === 'set-cookie' ? value.headers.getSetCookie() : each)
  }
  if (content !== null && typeof content !== 'string' && !(content instanceof Uint8Array)) return pipe(content, response)
  response.end(content ?? undefined)
  return undefined
}

async function pipe(source: ByteSource, response: FunctionResponse): Promise<void> {
  response.flushHeaders()
  const { signal } = response.req
  signal.addEventListener('abort', () => source.cancel(signal.reason))
  for (let bytes = await source.pull(); bytes !== undefined; bytes = await source.pull()) await response.write(bytes)
  response.end()
}
