import type { AbstractCursor } from 'mongodb'
import { writeDocument } from '../../sandbox/bson/bson-writer.ts'
import { HeldForCalls } from './held-for-calls.ts'
import { joinToPayload, type Payload } from './payload.ts'

/** What one operation may bring into a function at once; MongoDB's own bound for a document. */
export const resultBytesMax = 16 * 1024 * 1024
export const resultDocumentsMax = 100_000
const openCursorsMax = 100

/** Cursors that a function version reads batch by batch. They give documents as the bytes that MongoDB sent (`raw`). */
export class Cursors {
  readonly #open: HeldForCalls<AbstractCursor>
  #last = 0

  constructor(isCallOpen: (call: unknown) => boolean) {
    this.#open = new HeldForCalls({
      max: openCursorsMax,
      tooMany: `At most ${openCursorsMax} cursors may be open. Close those that are not read to their end.`,
      isCallOpen,
      end: (cursor) => cursor.close(),
    })
  }

  /** Everything at once. @throws RangeError when it is more than `resultBytesMax` or `resultDocumentsMax` */
  async readWhole(cursor: AbstractCursor): Promise<Payload> {
    const documents: Uint8Array[] = []
    let bytes = 0
    try {
      while (await cursor.hasNext()) {
        for (const document of cursor.readBufferedDocuments() as Uint8Array[]) {
          bytes += document.length
          documents.push(document)
        }
        if (bytes > resultBytesMax) throw tooLarge(`${resultBytesMax} bytes`)
        if (documents.length > resultDocumentsMax) throw tooLarge(`${resultDocumentsMax} documents`)
      }
    } finally {
      await cursor.close()
    }
    return joinToPayload(documents, bytes)
  }
  /** The first batch of a cursor that stays open: a document { cursor } with its number, 0 when that was all, then the batch. */
  open(cursor: AbstractCursor, call: unknown): Promise<Payload> {
    const number = ++this.#last
    this.#open.add(number, call, () => cursor)
    return this.readMore(number)
  }
  async readMore(number: number): Promise<Payload> {
    if (!this.#open.has(number)) throw new Error('The cursor is closed.')
    try {
      const { documents, isOver } = await this.#open.use(number, async (cursor) => {
        const batch = (await cursor.hasNext()) ? (cursor.readBufferedDocuments() as Uint8Array[]) : []
        return { documents: batch, isOver: batch.length === 0 || cursor.id?.isZero() === true }
      })
      if (isOver) await this.close(number)
      return joinToPayload([writeDocument({ cursor: isOver ? 0 : number }), ...documents])
    } catch (error) {
      await this.close(number)
      throw error
    }
  }
  close(number: number): Promise<void> {
    return this.#open.end(number)
  }
  closeAll(): void {
    this.#open.endAll()
  }
}

const tooLarge = (bound: string): RangeError =>
  new RangeError(`The result is larger than ${bound}. Ask for fewer fields or documents, or read it with "for await".`)
