import { runHeader } from '@imprun/contracts'

/** What the front reads of a request's head, in one pass over the raw headers; `request.headers` would build an object for every request. */
export interface RequestHead {
  host: string | undefined
  apikey: string | undefined
  expect: string | undefined
  /** The ticket of a run. */
  run: string | undefined
  /** Bytes announced; undefined when none are, or when they come in chunks of unknown number. */
  contentLength: number | undefined
  hasBody: boolean
  /** Two readers could understand two requests: a header that says where the request goes or ends is there twice, or says something unusual. */
  isAmbiguous: boolean
  /** Name and value in turns, one per line, in the form of a call's meta; without the key, which never reaches a function. */
  lines: string
}

export function readRequestHead(rawHeaders: readonly string[]): RequestHead {
  const head: RequestHead = {
    host: undefined,
    apikey: undefined,
    expect: undefined,
    run: undefined,
    contentLength: undefined,
    hasBody: false,
    isAmbiguous: false,
    lines: '',
  }
  let lines = ''
  let isChunked = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    // Lengths first: most headers are none of these, and comparing numbers costs nothing.
    switch (name.length) {
      case 4:
        if (name === 'Host' || name.toLowerCase() === 'host') {
          head.isAmbiguous ||= head.host !== undefined
          head.host = value
        }
        break
      case 6:
        if (name.toLowerCase() === 'apikey') {
          head.isAmbiguous ||= head.apikey !== undefined
          head.apikey = value
          continue
        }
        if (name.toLowerCase() === 'expect') head.expect = value
        break
      case 12:
        if (name.toLowerCase() === runHeader) {
          head.isAmbiguous ||= head.run !== undefined
          head.run = value
          continue
        }
        break
      case 14:
        if (name.toLowerCase() === 'content-length') {
          head.isAmbiguous ||= head.contentLength !== undefined
          head.contentLength = Number(value)
          head.hasBody = head.contentLength > 0
        }
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          // Codings that nobody undoes here would be handed on as if they were the body.
          head.isAmbiguous ||= isChunked || value.toLowerCase() !== 'chunked'
          isChunked = true
        }
        break
    }
    lines += `\n${name}\n${value}`
  }
  if (isChunked) {
    head.isAmbiguous ||= head.contentLength !== undefined
    head.hasBody = true
  }
  head.lines = lines
  return head
}
