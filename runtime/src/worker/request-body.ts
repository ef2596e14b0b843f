import { isAscii } from 'node:buffer'
import { callMetaFixedLines } from '../frames/frames.ts'
import { isTextual } from '../sandbox/bridge.ts'

/**
 * The body as the string that the guest is handed: text decoded as UTF-8, anything else one character per byte. Bytes that are all ASCII are the same
 * either way, so the content-type is looked up only for the others.
 */
export function readBody(buffer: Buffer, bodyAt: number, end: number, meta: string): string {
  if (bodyAt === end) return ''
  const isText = !isAscii(buffer.subarray(bodyAt, end)) && isTextual(findContentType(meta))
  return buffer.toString(isText ? 'utf8' : 'latin1', bodyAt, end)
}

function findContentType(meta: string): string | undefined {
  const lines = meta.split('\n')
  for (let at = callMetaFixedLines; at + 1 < lines.length; at += 2) if (lines[at]?.toLowerCase() === 'content-type') return lines[at + 1]
  return undefined
}
