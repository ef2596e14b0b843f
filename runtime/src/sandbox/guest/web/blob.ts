import { decodeUtf8, encodeUtf8, joinBytes, viewBytes } from './bytes.ts'
import { type ReadableStream, webStreams } from './streams.ts'

/** For imprun itself: the bytes without a copy. */
export let bytesOfBlob: (blob: Blob) => Uint8Array<ArrayBuffer>

/** Bytes with a media type. They are in memory: there is no file behind them. */
export class Blob {
  #bytes: Uint8Array<ArrayBuffer>
  readonly type: string

  static {
    bytesOfBlob = (blob) => blob.#bytes
  }
  constructor(parts: Iterable<unknown> = [], { type = '' }: { type?: string } = {}) {
    if (typeof parts !== 'object' || parts === null) throw new TypeError('A Blob is made of a list of parts.')
    this.#bytes = joinBytes([...parts].map((part) => (part instanceof Blob ? part.#bytes : (viewBytes(part) ?? encodeUtf8(String(part))))))
    this.type = /[^\x20-\x7e]/.test(type) ? '' : String(type).toLowerCase()
  }
  get size(): number {
    return this.#bytes.length
  }
  slice(start?: number, end?: number, type = ''): Blob {
    const part = new Blob([], { type })
    part.#bytes = this.#bytes.slice(start, end)
    return part
  }
  async text(): Promise<string> {
    return decodeUtf8(this.#bytes)
  }
  async bytes(): Promise<Uint8Array> {
    return this.#bytes.slice()
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer
  }
  stream(): ReadableStream {
    const bytes = this.#bytes
    return new (webStreams().ReadableStream)({
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes.slice())
        controller.close()
      },
    })
  }
  get [Symbol.toStringTag](): string {
    return 'Blob'
  }
}

export class File extends Blob {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
  constructor(parts: Iterable<unknown>, name: unknown, init: { type?: string; lastModified?: number } = {}) {
    super(parts, init)
    this.name = String(name)
    this.lastModified = Number(init.lastModified ?? Date.now())
  }
  override get [Symbol.toStringTag](): string {
    return 'File'
  }
}
