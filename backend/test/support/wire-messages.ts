import { BSON, type Document } from 'mongodb'

/** One message of MongoDB's wire protocol. What follows the header is only looked at when asked for. */
export interface WireMessage {
  readonly bytes: Buffer
  readonly requestId: number
  /** Of the request that it answers; 0 for a request. */
  readonly responseTo: number
  /** The command or its answer without long lists of documents, which travel beside it; undefined for a kind of message that drivers no longer send. */
  readBody(): Document | undefined
}

const headerBytes = 16
const opQuery = 2004
const opReply = 1
const opMsg = 2013

/** Cuts a stream of bytes into messages. */
export class WireReader {
  #rest: Buffer = Buffer.alloc(0)

  read(chunk: Buffer): WireMessage[] {
    const messages: WireMessage[] = []
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= headerBytes) {
      const length = this.#rest.readInt32LE(0)
      if (this.#rest.length < length) break
      messages.push(toMessage(this.#rest.subarray(0, length)))
      this.#rest = this.#rest.subarray(length)
    }
    return messages
  }
}

const toMessage = (bytes: Buffer): WireMessage => ({
  bytes,
  requestId: bytes.readInt32LE(4),
  responseTo: bytes.readInt32LE(8),
  readBody: () => readBody(bytes),
})

function readBody(bytes: Buffer): Document | undefined {
  const opCode = bytes.readInt32LE(12)
  if (opCode === opMsg) return readSections(bytes.subarray(headerBytes + 4))
  // The first words of a connection are still spoken in the old way.
  if (opCode === opQuery) return readDocument(bytes.subarray(bytes.indexOf(0, headerBytes + 4) + 9))
  return opCode === opReply ? readDocument(bytes.subarray(headerBytes + 20)) : undefined
}

const bodySection = 0

/** A message has one body and any number of lists, in any order. */
function readSections(sections: Buffer): Document | undefined {
  let at = 0
  while (at < sections.length) {
    if (sections[at] === bodySection) return readDocument(sections.subarray(at + 1))
    at += 1 + sections.readInt32LE(at + 1)
  }
  return undefined
}

const readDocument = (bytes: Buffer): Document => BSON.deserialize(bytes.subarray(0, bytes.readInt32LE(0)), { promoteValues: true })
