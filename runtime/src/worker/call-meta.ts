import { callMetaFixedLines } from '../frames/frames.ts'

/** The third of CallMeta's lines (frames.ts). */
export const requestIdOf = (meta: string): string | undefined => meta.split('\n', 3)[2] || undefined

/** @param headerLines in the place of the request's own: names and values in turns, each line begun by a line break */
export function withHeaderLines(meta: string, headerLines: string): string {
  return meta.split('\n', callMetaFixedLines).join('\n') + headerLines
}
