import { Blob, bytesOfBlob } from './blob.ts'
import { decodeUtf8, encodeUtf8, joinBytes, viewBytes } from './bytes.ts'
import { FormData } from './form-data.ts'
import type { Headers } from './headers.ts'
import { encodeMultipart, parseMultipartBytes } from './multipart.ts'
import { isReadableStream, type ReadableStream, webStreams } from './streams.ts'
import { parseForm, URLSearchParams } from './url-search-params.ts'

/** Bytes that come piece by piece. `pull` is never called again before its promise has settled. */
export interface ByteSource {
  /** @returns the next bytes, undefined at the end */
  pull(): Promise<Uint8Array | undefined>
  /** Nobody wants the rest. */
  cancel(reason: unknown): void
}
export type BodyContent = string | Uint8Array | ByteSource | ReadableStream | null

/** @throws TypeError for a body that is nothing of what the Fetch standard allows */
export function toBodyContent(body: unknown): { content: BodyContent; contentType: string | undefined } {
  if (body === undefined || body === null) return { content: null, contentType: undefined }
  if (typeof body === 'string') return { content: body.toWellFormed(), contentType: 'text/plain;charset=UTF-8' }
  if (body instanceof URLSearchParams) return { content: body.toString(), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' }
  if (body instanceof FormData) return encodeMultipart(body)
  if (body instanceof Blob) return { content: bytesOfBlob(body), contentType: body.type || undefined }
  if (isReadableStream(body)) {
    if (body.locked) throw new TypeError('The stream is being read already.')
    return { content: body, contentType: undefined }
  }
  const bytes = viewBytes(body)
  if (bytes !== undefined) return { content: bytes.slice(), contentType: undefined }
  if (typeof body === 'object' && !(body instanceof String))
    throw new TypeError('A body is text, bytes, a Blob, FormData, URLSearchParams or a ReadableStream. For JSON use Response.json().')
  return { content: String(body), contentType: 'text/plain;charset=UTF-8' }
}

/** For imprun itself: takes the content, after which the body counts as read. @throws TypeError when it has been read or is being read */
export let takeContent: (body: Body) => string | Uint8Array | ByteSource | null
/** For imprun itself: the same content for a second body. @throws TypeError as `takeContent` */
export let copyContent: (body: Body) => BodyContent
/** For imprun itself: gives a body that was made without content what it has. */
export let setContent: (body: Body, content: BodyContent) => void

/** What Request and Response share: a body that is read once. */
export abstract class Body {
  #content: BodyContent
  #isRead = false
  abstract readonly headers: Headers

  constructor(content: BodyContent) {
    this.#content = content
  }
  static {
    takeContent = (body) => body.#take()
    copyContent = (body) => body.#copy()
    setContent = (body, content) => {
      body.#content = content
    }
  }
  get bodyUsed(): boolean {
    return this.#isRead
  }
  get body(): ReadableStream | null {
    if (this.#content === null) return null
    if (!isReadableStream(this.#content)) {
      const source = toSource(this.#content)
      this.#content = toStream(source, () => {
        this.#isRead = true
      })
    }
    return this.#content
  }
  #assertReadable(): void {
    if (this.#isRead || (isReadableStream(this.#content) && this.#content.locked)) throw new TypeError('The body has already been read.')
  }
  #take(): string | Uint8Array | ByteSource | null {
    this.#assertReadable()
    if (this.#content !== null) this.#isRead = true
    return isReadableStream(this.#content) ? readStream(this.#content) : this.#content
  }
  #copy(): BodyContent {
    this.#assertReadable()
    if (this.#content === null || typeof this.#content === 'string' || this.#content instanceof Uint8Array) return this.#content
    const [mine, theirs] = (this.body as ReadableStream).tee()
    this.#content = mine
    this.#isRead = false
    return theirs
  }
  async text(): Promise<string> {
    const content = this.#take()
    return content === null ? '' : typeof content === 'string' ? content : decodeUtf8(await readAll(content))
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.#take()
    return content === null ? new Uint8Array(0) : typeof content === 'string' ? encodeUtf8(content) : readAll(content)
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer
  }
  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' })
  }
  async formData(): Promise<FormData> {
    const contentType = this.headers.get('content-type') ?? ''
    if (/^\s*multipart\/form-data\s*;/i.test(contentType)) return parseMultipartBytes(await this.bytes(), contentType)
    if (!/^\s*application\/x-www-form-urlencoded/i.test(contentType)) throw new TypeError('The body is no form.')
    const form = new FormData()
    for (const [name, value] of parseForm(await this.text())) form.append(name, value)
    return form
  }
}

async function readAll(content: Uint8Array | ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Uint8Array) return content.slice() as Uint8Array<ArrayBuffer>
  const parts: Uint8Array[] = []
  for (let part = await content.pull(); part !== undefined; part = await content.pull()) parts.push(part)
  return joinBytes(parts)
}

function toSource(content: string | Uint8Array | ByteSource): ByteSource {
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) return content
  let rest: Uint8Array | undefined = typeof content === 'string' ? encodeUtf8(content) : content.slice()
  if (rest.length === 0) rest = undefined
  return {
    async pull() {
      const bytes = rest
      rest = undefined
      return bytes
    },
    cancel() {},
  }
}

function toStream(source: ByteSource, onRead: () => void): ReadableStream {
  const { ReadableStream } = webStreams()
  // Nothing is read ahead, so that reading the body otherwise stays possible until somebody takes the first piece.
  return new ReadableStream(
    {
      async pull(controller) {
        onRead()
        const bytes = await source.pull()
        if (bytes === undefined) controller.close()
        else controller.enqueue(bytes)
      },
      cancel(reason) {
        onRead()
        source.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

function readStream(stream: ReadableStream): ByteSource {
  const reader = stream.getReader()
  return {
    async pull() {
      const { done, value } = await reader.read()
      if (done) return undefined
      const bytes = viewBytes(value)
      if (bytes === undefined) {
        const error = new TypeError('The stream of a body gave something that is not bytes. Send text through a TextEncoder.')
        void reader.cancel(error)
        throw error
      }
      return bytes
    },
    cancel(reason) {
      void reader.cancel(reason).catch(() => undefined)
    },
  }
}
