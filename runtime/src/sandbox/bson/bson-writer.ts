import type { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Int32, Long, ObjectId } from 'bson'
import { bsonTypeCodes, type Document, depthMax } from './bson-format.ts'
import { writeUtf8 } from './utf8.ts'

/** What MongoDB takes in one message. */
export const documentBytesMax = 48_000_000
/** What every context carries; larger documents make larger ones. */
const scratchBytes = 4096
const keptBytesMax = 1024 * 1024

let bytes = new Uint8Array(scratchBytes)
let at = 0
let skipsUndefined = false
let isWriting = false

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/**
 * One document as BSON, by the rules of the driver: whole numbers of 32 bits as int32, others as double, bigint as int64, undefined as null unless
 * `ignoreUndefined`, functions left out. The package's own writer encodes text by TextEncoder, which the isolate has as a script only.
 * @returns a view that the next call overwrites
 * @throws TypeError, RangeError for what BSON cannot hold
 */
export function writeDocument(document: Document, ignoreUndefined = false): Uint8Array {
  if (isWriting) throw new TypeError('toBSON() and getters of a document cannot use the database.')
  at = 0
  skipsUndefined = ignoreUndefined
  if (bytes.length > keptBytesMax) bytes = new Uint8Array(scratchBytes)
  isWriting = true
  try {
    writeFields(document, 0)
  } finally {
    isWriting = false
  }
  return bytes.subarray(0, at)
}

/** Foreign code (`toBSON`, getters) may run between two writes, but never between this and the write that it is for. */
function reserve(count: number): void {
  if (at + count <= bytes.length) return
  if (at + count > documentBytesMax)
    throw new RangeError(`The documents are larger than ${documentBytesMax} bytes, which is the most that MongoDB takes at once.`)
  const larger = new Uint8Array(Math.min(documentBytesMax, Math.max(bytes.length * 2, at + count)))
  larger.set(bytes)
  bytes = larger
}

function writeInt32At(place: number, value: number): void {
  bytes[place] = value
  bytes[place + 1] = value >> 8
  bytes[place + 2] = value >> 16
  bytes[place + 3] = value >> 24
}
function writeInt32(value: number): void {
  reserve(4)
  writeInt32At(at, value)
  at += 4
}
function writeDouble(value: number): void {
  reserve(8)
  float[0] = value
  bytes.set(floatBytes, at)
  at += 8
}
function writeByte(value: number): void {
  reserve(1)
  bytes[at++] = value
}
function writeBytes(value: Uint8Array): void {
  reserve(value.length)
  bytes.set(value, at)
  at += value.length
}
function writeText(text: string): void {
  reserve(text.length * 3)
  at = writeUtf8(text, bytes, at)
}
/** Ends with a zero, so it cannot hold one. */
function writeZeroEnded(text: string, what: string): void {
  reserve(text.length * 3 + 1)
  const start = at
  at = writeUtf8(text, bytes, at)
  if (bytes.subarray(start, at).includes(0)) throw new TypeError(`${what} must not contain null bytes: ${text.slice(0, 80)}`)
  bytes[at++] = 0
}
function writeString(text: string): void {
  const lengthAt = at
  writeInt32(0)
  writeText(text)
  writeByte(0)
  writeInt32At(lengthAt, at - lengthAt - 4)
}
function writeHead(type: number, key: string): void {
  const { length } = key
  reserve(length + 2)
  const start = at
  bytes[at++] = type
  for (let index = 0; index < length; index++) {
    const unit = key.charCodeAt(index)
    if (unit === 0 || unit > 127) {
      at = start + 1
      return writeZeroEnded(key, 'A field name')
    }
    bytes[at++] = unit
  }
  bytes[at++] = 0
}

function writeFields(document: Document | Map<unknown, unknown>, depth: number): void {
  const lengthAt = openNested(depth)
  if (document instanceof Map) for (const [key, value] of document) writeElement(String(key), value, depth)
  else for (const key of Object.keys(document)) writeElement(key, document[key], depth)
  closeNested(lengthAt)
}
function writeList(list: readonly unknown[], depth: number): void {
  const lengthAt = openNested(depth)
  for (let index = 0; index < list.length; index++) {
    const value = list[index]
    writeElement(String(index), value === undefined || typeof value === 'function' || typeof value === 'symbol' ? null : value, depth)
  }
  closeNested(lengthAt)
}
function openNested(depth: number): number {
  if (depth > depthMax) throw new RangeError(`The document is nested deeper than ${depthMax} levels, or holds itself.`)
  const lengthAt = at
  writeInt32(0)
  return lengthAt
}
function closeNested(lengthAt: number): void {
  writeByte(0)
  writeInt32At(lengthAt, at - lengthAt)
}

function writeElement(key: string, given: unknown, depth: number): void {
  const value = hasToBson(given) ? given.toBSON() : given
  switch (typeof value) {
    case 'string':
      writeHead(bsonTypeCodes.string, key)
      return writeString(value)
    case 'number':
      return writeNumber(key, value)
    case 'boolean':
      writeHead(bsonTypeCodes.boolean, key)
      return writeByte(value ? 1 : 0)
    case 'bigint':
      writeHead(bsonTypeCodes.int64, key)
      return writeBigInt(value)
    case 'undefined':
      if (!skipsUndefined) writeHead(bsonTypeCodes.null, key)
      return
    case 'object':
      if (value === null) writeHead(bsonTypeCodes.null, key)
      else writeObject(key, value, depth)
  }
}

function hasToBson(value: unknown): value is { toBSON(): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { toBSON?: unknown }).toBSON === 'function'
}

function writeNumber(key: string, value: number): void {
  if ((value | 0) === value && !Object.is(value, -0)) {
    writeHead(bsonTypeCodes.int32, key)
    writeInt32(value)
  } else {
    writeHead(bsonTypeCodes.double, key)
    writeDouble(value)
  }
}
function writeBigInt(value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError('A bigint must fit 64 bits.')
  writeInt32(Number(BigInt.asIntN(32, value)))
  writeInt32(Number(BigInt.asIntN(32, value >> 32n)))
}

function writeObject(key: string, value: object, depth: number): void {
  const kind = (value as { _bsontype?: unknown })._bsontype
  if (kind !== undefined && kind !== null) return writeBsonValue(key, value, kind, depth)
  if (Array.isArray(value)) {
    writeHead(bsonTypeCodes.array, key)
    writeList(value, depth + 1)
  } else if (value instanceof Date) {
    writeHead(bsonTypeCodes.date, key)
    writeMilliseconds(value.getTime())
  } else if (value instanceof Uint8Array) {
    writeHead(bsonTypeCodes.binary, key)
    writeInt32(value.length)
    writeByte(0)
    writeBytes(value)
  } else if (value instanceof RegExp) {
    writeHead(bsonTypeCodes.regExp, key)
    writeZeroEnded(value.source, 'A regular expression')
    writeZeroEnded(`${value.ignoreCase ? 'i' : ''}${value.global ? 's' : ''}${value.multiline ? 'm' : ''}`, 'Options')
  } else {
    writeHead(bsonTypeCodes.document, key)
    writeFields(value as Document, depth + 1)
  }
}
function writeMilliseconds(value: number): void {
  const whole = Number.isNaN(value) ? 0 : value
  const high = Math.floor(whole / 0x1_0000_0000)
  writeInt32(whole - high * 0x1_0000_0000)
  writeInt32(high)
}

function writeBsonValue(key: string, value: object, kind: unknown, depth: number): void {
  const writer = typeof kind === 'string' && Object.hasOwn(valueWriters, kind) ? valueWriters[kind as keyof typeof valueWriters] : undefined
  if (writer === undefined) throw new TypeError(`There is no BSON type ${String(kind).slice(0, 40)}.`)
  ;(writer as (key: string, value: object, depth: number) => void)(key, value, depth)
}

/** By the name that the package's classes carry, so that a value of another copy of the package counts too. */
const valueWriters = {
  ObjectId(key: string, value: ObjectId) {
    writeHead(bsonTypeCodes.objectId, key)
    const { id } = value
    if (!(id instanceof Uint8Array) || id.length !== 12) throw new TypeError('An ObjectId has 12 bytes.')
    writeBytes(id)
  },
  Int32(key: string, value: Int32) {
    writeHead(bsonTypeCodes.int32, key)
    writeInt32(Number(value.value))
  },
  Double(key: string, value: Double) {
    writeHead(bsonTypeCodes.double, key)
    writeDouble(Number(value.value))
  },
  Long: (key: string, value: Long) => writeTwoInts(bsonTypeCodes.int64, key, value),
  Timestamp: (key: string, value: Long) => writeTwoInts(bsonTypeCodes.timestamp, key, value),
  Decimal128(key: string, value: Decimal128) {
    writeHead(bsonTypeCodes.decimal128, key)
    const digits = value.bytes
    if (!(digits instanceof Uint8Array) || digits.length !== 16) throw new TypeError('A Decimal128 has 16 bytes.')
    writeBytes(digits)
  },
  Binary(key: string, value: Binary) {
    const data = value.buffer
    if (!(data instanceof Uint8Array)) throw new TypeError('A Binary has bytes.')
    const held = data.subarray(0, value.position)
    const isOld = value.sub_type === 2
    writeHead(bsonTypeCodes.binary, key)
    writeInt32(held.length + (isOld ? 4 : 0))
    writeByte(value.sub_type)
    if (isOld) writeInt32(held.length)
    writeBytes(held)
  },
  BSONRegExp(key: string, value: BSONRegExp) {
    writeHead(bsonTypeCodes.regExp, key)
    writeZeroEnded(String(value.pattern), 'A regular expression')
    writeZeroEnded([...String(value.options)].sort().join(''), 'Options')
  },
  BSONSymbol(key: string, value: BSONSymbol) {
    writeHead(bsonTypeCodes.symbol, key)
    writeString(String(value.value))
  },
  MinKey: (key: string) => writeHead(bsonTypeCodes.minKey, key),
  MaxKey: (key: string) => writeHead(bsonTypeCodes.maxKey, key),
  Code(key: string, value: Code, depth: number) {
    if (typeof value.scope !== 'object' || value.scope === null) {
      writeHead(bsonTypeCodes.code, key)
      return writeString(String(value.code))
    }
    writeHead(bsonTypeCodes.codeWithScope, key)
    const lengthAt = at
    writeInt32(0)
    writeString(String(value.code))
    writeFields(value.scope, depth + 1)
    writeInt32At(lengthAt, at - lengthAt)
  },
  DBRef(key: string, { collection, oid, db, fields }: DBRef, depth: number) {
    writeHead(bsonTypeCodes.document, key)
    const before = skipsUndefined
    skipsUndefined = true
    writeFields({ $ref: collection, $id: oid, $db: db, ...fields }, depth + 1)
    skipsUndefined = before
  },
}

function writeTwoInts(type: number, key: string, value: Long): void {
  writeHead(type, key)
  writeInt32(Number(value.low))
  writeInt32(Number(value.high))
}
