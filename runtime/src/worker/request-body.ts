import { isAscii } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { brotliDecompressSync, gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib'
import { callMetaFixedLines } from '../frames/frames.ts'
import { isTextual } from '../sandbox/bridge.ts'

/** What a compressed body may become: a few bytes can be made to swell to gigabytes. */
const inflatedBytesMax = 16 * 1024 * 1024
/** Bytes that look like ASCII and are not: compressed, or two bytes to a character. */
const mayHideInAscii = /\n(?:content-encoding\n|content-type\n[^\n]*charset=["']?utf-(?:16|32))/i

/** The caller sent a body that cannot be read. */
export interface RefusedBody {
  status: 400 | 413 | 415
  code: 'REQUEST_INVALID' | 'BODY_TOO_LARGE'
  detail: string
}

/**
 * The body as the string that the guest is handed: text decoded by its charset, anything else one character per byte. Bytes that are all ASCII are the same
 * either way, so the headers are looked up only for the others.
 */
export function readBody(buffer: Buffer, bodyAt: number, end: number, meta: string): string | RefusedBody {
  if (bodyAt === end) return ''
  const isPlain = isAscii(buffer.subarray(bodyAt, end)) && !mayHideInAscii.test(meta)
  if (isPlain) return buffer.toString('latin1', bodyAt, end)
  const bytes = inflate(buffer.subarray(bodyAt, end), findHeader(meta, 'content-encoding')?.trim().toLowerCase() ?? 'identity')
  if (!Buffer.isBuffer(bytes)) return bytes
  const contentType = findHeader(meta, 'content-type')
  return isTextual(contentType) ? decode(bytes, contentType) : bytes.toString('latin1')
}

function findHeader(meta: string, name: string): string | undefined {
  const lines = meta.split('\n')
  for (let at = callMetaFixedLines; at + 1 < lines.length; at += 2) if (lines[at]?.toLowerCase() === name) return lines[at + 1]
  return undefined
}

const inflaters: Record<string, (bytes: Buffer, options: ZlibOptions) => Buffer> = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }

function inflate(bytes: Buffer, encoding: string): Buffer | RefusedBody {
  if (encoding === 'identity') return bytes
  const inflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined
  if (inflater === undefined)
    return { status: 415, code: 'REQUEST_INVALID', detail: 'The body has a content encoding that is not read here. Use gzip, deflate, br or none.' }
  try {
    return inflater(bytes, { maxOutputLength: inflatedBytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return { status: 413, code: 'BODY_TOO_LARGE', detail: `The body is larger than ${inflatedBytesMax} bytes when it is decompressed.` }
    return { status: 400, code: 'REQUEST_INVALID', detail: `The body is not valid ${encoding}.` }
  }
}

const utf8 = /^utf-?8$/i
const decoders = new Map<string, TextDecoder | undefined>()
const decodersMax = 50

function decode(bytes: Buffer, contentType: string | undefined): string {
  const charset = /;\s*charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1]
  const decoder = charset === undefined || utf8.test(charset) ? undefined : decoderOf(charset.toLowerCase())
  if (decoder !== undefined) return decoder.decode(bytes)
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', hasMark ? 3 : 0)
}

/** @returns undefined for a charset that nobody knows: most senders of one mean UTF-8 */
function decoderOf(charset: string): TextDecoder | undefined {
  if (decoders.has(charset)) return decoders.get(charset)
  let decoder: TextDecoder | undefined
  try {
    decoder = new TextDecoder(charset)
  } catch {
    decoder = undefined
  }
  if (decoders.size < decodersMax) decoders.set(charset, decoder)
  return decoder
}

/** @returns the answer, as `Output.answer` takes it */
export function toRefusal({ status, code, detail }: RefusedBody, meta: string): string {
  const requestId = meta.split('\n', 3)[2] ?? ''
  const problem = { type: `urn:imprun:error:${code.toLowerCase().replaceAll('_', '-')}`, title: 'Bad request', status, detail, code, requestId }
  return `${status}\ncontent-type\napplication/problem+json\n\n${JSON.stringify(problem)}`
}
