import { utf8fromStringLoose, utf8toStringLoose } from '@exodus/bytes/utf8.js'
import { URLSearchParams } from './url-search-params.ts'

export type BodyContent = string | Uint8Array | null

/** @throws TypeError for a body that is neither text, bytes nor search parameters */
export function toBodyContent(body: unknown): { content: BodyContent; contentType: string | undefined } {
  if (body === undefined || body === null) return { content: null, contentType: undefined }
  if (body instanceof URLSearchParams) return { content: body.toString(), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' }
  if (body instanceof ArrayBuffer) return { content: new Uint8Array(body), contentType: undefined }
  if (ArrayBuffer.isView(body)) return { content: new Uint8Array(body.buffer, body.byteOffset, body.byteLength), contentType: undefined }
  if (typeof body === 'object' && !(body instanceof String)) throw new TypeError('A body is text, bytes or URLSearchParams. For JSON use Response.json().')
  return { content: String(body), contentType: 'text/plain;charset=UTF-8' }
}

/** What Request and Response share: a body that is read once. */
export class Body {
  readonly #content: BodyContent
  bodyUsed = false
  constructor(content: BodyContent) {
    this.#content = content
  }
  #take(): BodyContent {
    if (this.bodyUsed) throw new TypeError('The body has already been read.')
    if (this.#content !== null) this.bodyUsed = true
    return this.#content
  }
  /** For imprun itself: the content without reading it. */
  static contentOf(body: Body): BodyContent {
    return body.#content
  }
  async text(): Promise<string> {
    const content = this.#take()
    return content === null ? '' : typeof content === 'string' ? content : utf8toStringLoose(content)
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }
  async bytes(): Promise<Uint8Array> {
    const content = this.#take()
    return content === null ? new Uint8Array(0) : typeof content === 'string' ? utf8fromStringLoose(content) : content.slice()
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer as ArrayBuffer
  }
}
