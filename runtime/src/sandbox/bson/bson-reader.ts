import { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'bson'
import { bsonTypeCodes, type Document, depthMax } from './bson-format.ts'
import { BsonReadError } from './bson-read-error.ts'
import { readAscii, readUtf8 } from './utf8.ts'

/**
 * Reads BSON faster than the package does where there is no Node: this runs inside the isolate on what MongoDB sent, and in the worker on what a hostile
 * function may have made up. So every length is checked against its parent before it is used, and nothing is allocated before its bytes are there.
 *
 * State is per module and not per call: reading never runs foreign code, and the closures of a reader object would cost as much as a small document.
 */
let bytes: Uint8Array = new Uint8Array(0)
/** The same bytes one per character, where they came like that: slices of it are the cheapest strings. */
let text: string | undefined
let at = 0
let keepsTypes = false

/** The package's own reader makes ids from their place in the bytes; its types keep that to itself. */
const ObjectIdAt = ObjectId as unknown as new (bytes: Uint8Array, offset: number) => ObjectId

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)
const scratch = new Uint8Array(8192)

/**
 * How numbers and the like are given.
 * driver: as the driver does by default (numbers where they are safe, strings for symbols, RegExp). exact: so that writing it again gives the same types.
 */
export type ReadMode = 'driver' | 'exact'

/**
 * Documents that follow each other.
 * @param payload bytes, or a string of one character per byte
 * @throws BsonReadError
 */
export function readDocuments(payload: string | Uint8Array, mode: ReadMode = 'driver'): Document[] {
  begin(payload, mode)
  const documents: Document[] = []
  const end = payload.length
  while (at < end) documents.push(readDocument(end, 0))
  finish()
  return documents
}

/** Exactly one document. @throws BsonReadError */
export function readOne(payload: string | Uint8Array, mode: ReadMode = 'driver'): Document {
  begin(payload, mode)
  const end = payload.length
  const document = readDocument(end, 0)
  if (at !== end) throw new BsonReadError('There are bytes after the document.')
  finish()
  return document
}

function begin(payload: string | Uint8Array, mode: ReadMode): void {
  at = 0
  keepsTypes = mode === 'exact'
  if (typeof payload !== 'string') {
    bytes = payload
    text = undefined
    return
  }
  text = payload
  const { length } = payload
  bytes = length <= scratch.length ? scratch : new Uint8Array(length)
  for (let index = 0; index < length; index++) bytes[index] = payload.charCodeAt(index)
}
/** Lets go of what may be megabytes. */
function finish(): void {
  bytes = scratch
  text = undefined
}

function readInt32(end: number): number {
  if (end - at < 4) throw cutShort()
  const value = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
  at += 4
  return value
}

/** @returns where the document that begins here ends: the place of its closing zero */
function openDocument(end: number, depth: number): number {
  if (depth > depthMax) throw new BsonReadError(`The document is nested deeper than ${depthMax} levels.`)
  const start = at
  const size = readInt32(end)
  if (size < 5 || size > end - start) throw new BsonReadError('A document is longer than what holds it.')
  const last = start + size - 1
  if (bytes[last] !== 0) throw new BsonReadError('A document does not end with zero.')
  return last
}

function readDocument(end: number, depth: number): Document {
  const last = openDocument(end, depth)
  const document: Document = {}
  let isReference = false
  while (at < last) {
    const type = bytes[at++] as number
    const key = readKey(last)
    const value = readValue(type, last, depth)
    if (key === '__proto__') Object.defineProperty(document, key, { value, writable: true, enumerable: true, configurable: true })
    else document[key] = value
    if (key === '$ref') isReference = true
  }
  closeDocument(last)
  return isReference && !keepsTypes ? (toReference(document) as Document) : document
}

function readArray(end: number, depth: number): unknown[] {
  const last = openDocument(end, depth)
  const list: unknown[] = []
  while (at < last) {
    const type = bytes[at++] as number
    // The places are in order; what they are called is of no interest.
    while (at < last && bytes[at] !== 0) at++
    if (at >= last) throw cutShort()
    at++
    list.push(readValue(type, last, depth))
  }
  closeDocument(last)
  return list
}

function closeDocument(last: number): void {
  if (at !== last) throw new BsonReadError('A value is longer than what holds it.')
  at++
}

/**
 * Field names repeat from document to document. A name that was read before is found by its bytes, which is cheaper than making the string again, and far
 * cheaper for the engine to set on an object.
 */
const keySlots = 1024
const knownKeys: (string | undefined)[] = new Array(keySlots).fill(undefined)
const knownKeyCharsMax = 32

function readKey(last: number): string {
  const start = at
  let hash = 0
  let isAscii = true
  let code = bytes[at] as number
  while (code !== 0 && at < last) {
    if (code > 127) isAscii = false
    hash = (hash * 31 + code) | 0
    code = bytes[++at] as number
  }
  if (at >= last) throw cutShort()
  const length = at - start
  at++
  if (!isAscii) return readUtf8(bytes, start, start + length)
  if (length > knownKeyCharsMax) return readAscii(bytes, start, start + length)
  const slot = (hash ^ length) & (keySlots - 1)
  const known = knownKeys[slot]
  if (known !== undefined && isAt(known, start, length)) return known
  const key = readAscii(bytes, start, start + length)
  knownKeys[slot] = key
  return key
}

function isAt(known: string, start: number, length: number): boolean {
  if (known.length !== length) return false
  for (let index = 0; index < length; index++) if (known.charCodeAt(index) !== bytes[start + index]) return false
  return true
}

function readString(end: number): string {
  const length = readInt32(end)
  if (length < 1 || length > end - at || bytes[at + length - 1] !== 0) throw new BsonReadError('A string is longer than what holds it.')
  const start = at
  const stop = start + length - 1
  at = stop + 1
  let seen = 0
  for (let index = start; index < stop; index++) seen |= bytes[index] as number
  if (seen > 127) return readUtf8(bytes, start, stop)
  return text === undefined ? readAscii(bytes, start, stop) : text.slice(start, stop)
}

/** A string that ends with a zero, as in regular expressions. */
function readZeroEnded(end: number): string {
  const start = at
  while (at < end && bytes[at] !== 0) at++
  if (at >= end) throw cutShort()
  return readUtf8(bytes, start, at++)
}

function readDouble(): number {
  for (let index = 0; index < 8; index++) floatBytes[index] = bytes[at + index] as number
  at += 8
  return float[0] as number
}

function take(length: number, end: number): Uint8Array {
  if (length < 0 || length > end - at) throw new BsonReadError('Binary data is longer than what holds it.')
  const taken = new Uint8Array(length)
  taken.set(bytes.subarray(at, at + length))
  at += length
  return taken
}

function need(length: number, end: number): void {
  if (end - at < length) throw cutShort()
}
const cutShort = (): BsonReadError => new BsonReadError('The document is cut short.')

function readValue(type: number, end: number, depth: number): unknown {
  switch (type) {
    case bsonTypeCodes.string:
      return readString(end)
    case bsonTypeCodes.int32:
      return readInt32(end)
    case bsonTypeCodes.double: {
      need(8, end)
      const value = readDouble()
      return keepsTypes && isInt32(value) ? new Double(value) : value
    }
    case bsonTypeCodes.document:
      return readDocument(end, depth + 1)
    case bsonTypeCodes.array:
      return readArray(end, depth + 1)
    case bsonTypeCodes.objectId:
      need(12, end)
      at += 12
      return new ObjectIdAt(bytes, at - 12)
    case bsonTypeCodes.boolean: {
      need(1, end)
      const value = bytes[at++] as number
      if (value > 1) throw new BsonReadError('A boolean is neither 0 nor 1.')
      return value === 1
    }
    case bsonTypeCodes.date: {
      need(8, end)
      const low = readInt32(end) >>> 0
      return new Date(readInt32(end) * 0x1_0000_0000 + low)
    }
    case bsonTypeCodes.null:
      return null
    case bsonTypeCodes.int64:
      need(8, end)
      return readInt64(readInt32(end), readInt32(end))
    default:
      return readRareValue(type, end, depth)
  }
}

/** Whether a double would be written as an int32 if it were given as a plain number. */
function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0)
}

function readInt64(low: number, high: number): number | Long {
  // From -2^53 to 2^53 a number holds it exactly.
  const isSafe = high >= -0x20_0000 && (high < 0x20_0000 || (high === 0x20_0000 && low === 0))
  return isSafe && !keepsTypes ? high * 0x1_0000_0000 + (low >>> 0) : new Long(low, high)
}

function readRareValue(type: number, end: number, depth: number): unknown {
  switch (type) {
    case bsonTypeCodes.undefined:
      return undefined
    case bsonTypeCodes.binary:
      return readBinary(end)
    case bsonTypeCodes.regExp:
      return readRegExp(end)
    case bsonTypeCodes.decimal128:
      return new Decimal128(take(16, end))
    case bsonTypeCodes.timestamp: {
      need(8, end)
      const i = readInt32(end) >>> 0
      return new Timestamp({ i, t: readInt32(end) >>> 0 })
    }
    case bsonTypeCodes.symbol: {
      const value = readString(end)
      return keepsTypes ? new BSONSymbol(value) : value
    }
    case bsonTypeCodes.code:
      return new Code(readString(end))
    case bsonTypeCodes.codeWithScope:
      return readCodeWithScope(end, depth)
    case bsonTypeCodes.dbPointer: {
      const namespace = readString(end)
      need(12, end)
      at += 12
      return new DBRef(namespace, new ObjectIdAt(bytes, at - 12))
    }
    case bsonTypeCodes.minKey:
      return new MinKey()
    case bsonTypeCodes.maxKey:
      return new MaxKey()
    default:
      throw new BsonReadError(`There is no BSON type ${type}.`)
  }
}

function readBinary(end: number): Binary {
  let length = readInt32(end)
  need(1, end)
  const subtype = bytes[at++] as number
  if (subtype === Binary.SUBTYPE_BYTE_ARRAY) {
    const inner = readInt32(end)
    if (inner !== length - 4) throw new BsonReadError('Binary data of the old kind does not have the length that it says.')
    length = inner
  }
  const data = take(length, end)
  return subtype === Binary.SUBTYPE_UUID && length === 16 ? new UUID(data) : new Binary(data, subtype)
}

function readRegExp(end: number): RegExp | BSONRegExp {
  const pattern = readZeroEnded(end)
  const options = readZeroEnded(end)
  try {
    if (keepsTypes) return new BSONRegExp(pattern, options)
    // As the driver does: MongoDB's `s` is JavaScript's `g` in its eyes, and what JavaScript does not have is dropped.
    return new RegExp(pattern, options.replace(/[^ims]/g, '').replace('s', 'g'))
  } catch (error) {
    throw new BsonReadError(`A regular expression cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
}

function readCodeWithScope(end: number, depth: number): Code {
  const start = at
  const size = readInt32(end)
  if (size < 14 || size > end - start) throw new BsonReadError('Code is longer than what holds it.')
  const code = readString(start + size)
  const scope = readDocument(start + size, depth + 1)
  if (at !== start + size) throw new BsonReadError('Code does not have the length that it says.')
  return new Code(code, scope)
}

/** A document with exactly the fields of a reference is one, as for the driver. */
function toReference(document: Document): Document | DBRef {
  const { $ref, $id, $db, ...fields } = document
  if (typeof $ref !== 'string' || $id === undefined || $id === null || ($db !== undefined && typeof $db !== 'string')) return document
  if (Object.keys(fields).some((key) => key.startsWith('$'))) return document
  return new DBRef($ref, $id as ObjectId, $db, fields)
}
