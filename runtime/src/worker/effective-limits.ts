import { entryTimeoutMs, type LoadMessage } from '../frames/frames.ts'
import type { Configuration } from './configuration.ts'

/** What a function version may use at this moment: its own limits below the environment's, which may change while it runs. */
export class EffectiveLimits {
  readonly #own: Pick<LoadMessage, 'timeoutMs' | 'responseBytesMax'>
  readonly #configuration: Configuration

  constructor(own: Pick<LoadMessage, 'timeoutMs' | 'responseBytesMax'>, configuration: Configuration) {
    this.#own = own
    this.#configuration = configuration
  }
  get timeoutMs(): number {
    return Math.min(this.#own.timeoutMs, this.#configuration.limits.timeoutMs)
  }
  /** Of one entry into the function's code. */
  get entryTimeoutMs(): number {
    return Math.min(this.timeoutMs, entryTimeoutMs)
  }
  /** Of a whole answer's body, or of all pieces of a streamed one. */
  get responseBytesMax(): number {
    return Math.min(this.#own.responseBytesMax ?? Number.POSITIVE_INFINITY, this.#configuration.limits.responseBytesMax)
  }

  /** @returns why an answer of this many bytes is refused */
  refusalOf(bytes: number): string | undefined {
    const bytesMax = this.responseBytesMax
    if (bytes <= bytesMax) return undefined
    const whose = this.#own.responseBytesMax === bytesMax ? 'The function' : 'The environment'
    return `The answer is larger than the ${bytesMax} bytes that it may have. ${whose} sets this limit as responseBytesMax.`
  }
}

/** The body of a whole text answer (head + "\n\n" + body) in bytes; the head is ASCII. Counted only where it could be too many. */
export function bodyBytesOf(text: string, bytesMax: number): number {
  const chars = text.length - text.indexOf('\n\n') - 2
  return chars * 3 <= bytesMax ? chars : Buffer.byteLength(text) - (text.length - chars)
}
