import { STATUS_CODES } from 'node:http'

/** The head of a function's answer, checked: it comes from a process that runs other people's code, so nothing of it reaches a connection unread. */
export interface AnswerHead {
  readonly status: number
  /** Names and values in turns, without those that frame the message. */
  readonly headers: readonly string[]
  /** The same as it goes onto a connection: status line and header lines, without the empty line at the end. */
  readonly text: string
  readonly mayHaveBody: boolean
}

const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/
// How a message is framed and when a connection ends is this server's business alone; the request id is the one it gave.
const ownedHere = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
])
const headersMax = 100
const headCharactersMax = 16_384
const cachedMax = 1_000

/** What the sandbox adds to answers that a cache may keep: the last header, and another one for every body. */
const bodyTag = /\netag\n(W\/"[0-9a-f]{1,8}-[A-Za-z0-9+/]{27}")$/

let cached = new Map<string, AnswerHead>()

/** @returns undefined when the head can not be sent. The same few heads come back all day, so checked ones are kept. */
export function readAnswerHead(text: string): AnswerHead | undefined {
  const tag = text.endsWith('"') ? bodyTag.exec(text) : null
  if (tag === null) return readKept(text)
  const head = readKept(text.slice(0, tag.index))
  return head && { ...head, headers: [...head.headers, 'etag', tag[1] as string], text: `${head.text}etag: ${tag[1]}\r\n` }
}

function readKept(text: string): AnswerHead | undefined {
  const known = cached.get(text)
  if (known !== undefined) return known
  const head = checkAnswerHead(text)
  if (head === undefined) return undefined
  if (cached.size >= cachedMax) cached = new Map()
  cached.set(text, head)
  return head
}

function checkAnswerHead(text: string): AnswerHead | undefined {
  if (text.length > headCharactersMax) return undefined
  const lines = text.split('\n')
  const status = Number(lines[0])
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined
  if (lines.length % 2 === 0 || lines.length > 1 + 2 * headersMax) return undefined
  const headers: string[] = []
  for (let i = 1; i < lines.length; i += 2) {
    const name = lines[i] as string
    const value = lines[i + 1] as string
    if (!tokenPattern.test(name) || !valuePattern.test(value)) return undefined
    if (!ownedHere.has(name.toLowerCase())) headers.push(name, value)
  }
  return toAnswerHead(status, headers)
}

/** @param headers names and values in turns; must be known to be good */
export function toAnswerHead(status: number, headers: readonly string[]): AnswerHead {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return { status, headers, text, mayHaveBody: status !== 204 && status !== 205 && status !== 304 }
}
