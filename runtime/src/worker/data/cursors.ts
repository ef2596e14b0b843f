import { type AbstractCursor, BSON } from 'mongodb'

/** What one operation may bring into a function at once; MongoDB's own bound for a document. */
export const resultBytesMax = 16 * 1024 * 1024
const openCursorsMax = 100

/** Cursors that a function version reads batch by batch. They give documents as the bytes that MongoDB sent (`raw`). */
export class Cursors {
  readonly #open = new Map<number, AbstractCursor>()
  #last = 0

  /** Everything at once. @throws RangeError when it is more than `resultBytesMax` */
  async readWhole(cursor: AbstractCursor): Promise<Uint8Array> {
    const documents: Uint8Array[] = []
    let bytes = 0
    try {
      while (await cursor.hasNext()) {
        for (const document of cursor.readBufferedDocuments() as Uint8Array[]) {
          bytes += document.length
          documents.push(document)
        }
        if (bytes > resultBytesMax)
          throw new RangeError(`The result is larger than ${resultBytesMax} bytes. Ask for fewer fields or documents, or read it with "for await".`)
      }
    } finally {
      await cursor.close()
    }
    return join(documents, bytes)
  }
  /** The first batch of a cursor that stays open: a document { cursor } with its number, 0 when that was all, then the batch. */
  async open(cursor: AbstractCursor): Promise<Uint8Array> {
    if (this.#open.size >= openCursorsMax) throw new RangeError(`At most ${openCursorsMax} cursors may be open. Close those that are not read to their end.`)
    const number = ++this.#last
    this.#open.set(number, cursor)
    return this.readMore(number)
  }
  async readMore(number: number): Promise<Uint8Array> {
    const cursor = this.#open.get(number)
    if (cursor === undefined) throw new Error('The cursor is closed.')
    try {
      const documents = (await cursor.hasNext()) ? (cursor.readBufferedDocuments() as Uint8Array[]) : []
      const isOver = documents.length === 0 || cursor.id?.isZero() === true
      if (isOver) await this.close(number)
      return join([BSON.serialize({ cursor: isOver ? 0 : number }), ...documents])
    } catch (error) {
      await this.close(number)
      throw error
    }
  }
  async close(number: number): Promise<void> {
    const cursor = this.#open.get(number)
    this.#open.delete(number)
    await cursor?.close()
  }
  closeAll(): void {
    for (const number of this.#open.keys()) this.close(number).catch(() => undefined)
  }
}

/** Into memory of its own, which can change hands with the sandbox; that of a Buffer cannot. */
function join(parts: readonly Uint8Array[], bytes = parts.reduce((sum, part) => sum + part.length, 0)): Uint8Array {
  const joined = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
