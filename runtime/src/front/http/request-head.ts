/** What the front reads of a request's head, in one pass over the raw headers; `request.headers` would build an object for every request. */
export interface RequestHead {
  host: string | undefined
  apikey: string | undefined
  /** Bytes announced; undefined when none are, or when they come in chunks of unknown number. */
  contentLength: number | undefined
  hasBody: boolean
  /** A header whose repetition lets two readers understand two requests. */
  hasRepeated: boolean
  /** Name and value in turns, one per line, in the form of a call's meta; without the key, which never reaches a function. */
  lines: string
}

export function readRequestHead(rawHeaders: readonly string[]): RequestHead {
  const head: RequestHead = { host: undefined, apikey: undefined, contentLength: undefined, hasBody: false, hasRepeated: false, lines: '' }
  let lines = ''
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    // Lengths first: most headers are none of these, and comparing numbers costs nothing.
    switch (name.length) {
      case 4:
        if (name === 'Host' || name.toLowerCase() === 'host') {
          head.hasRepeated ||= head.host !== undefined
          head.host = value
        }
        break
      case 6:
        if (name.toLowerCase() === 'apikey') {
          head.hasRepeated ||= head.apikey !== undefined
          head.apikey = value
          continue
        }
        break
      case 14:
        if (name.toLowerCase() === 'content-length') {
          head.contentLength = Number(value)
          head.hasBody = head.contentLength > 0
        }
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') head.hasBody = true
        break
    }
    lines += `\n${name}\n${value}`
  }
  head.lines = lines
  return head
}
