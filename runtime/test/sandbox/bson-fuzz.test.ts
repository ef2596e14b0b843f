import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { Binary, BSON, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'mongodb'
import type { Document } from '../../src/sandbox/bson/bson-format.ts'
import { BsonReadError } from '../../src/sandbox/bson/bson-read-error.ts'
import { readDocuments, readOne } from '../../src/sandbox/bson/bson-reader.ts'
import { writeDocument } from '../../src/sandbox/bson/bson-writer.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'

/** Reads what somebody else may have made up, so it is compared with the package on good bytes and tried on bad ones. */
const documentsRead = 20_000
/** The properties that follow from it or only touch values of our own. */
const documentsWritten = 5_000

const seed = Number(process.env.IMPRUN_TEST_SEED ?? Date.now() % 2 ** 31)
const exact = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ unit: 'binary', maxLength: 40 })
const withoutZero = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replaceAll('\0', ''))
const key = fc.oneof(withoutZero, fc.constantFrom('_id', 'name', '__proto__', 'constructor', 'toString', '0', '$set', 'a.b', '', 'é', '$ref', '$id'))

const leaf = fc.oneof(
  text,
  int32,
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.MAX_SAFE_INTEGER, 2 ** 31, -(2 ** 53)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: true }),
  bytes(12).map((id) => new ObjectId(id)),
  fc.tuple(int32, int32).map(([low, high]) => new Long(low, high)),
  int32.map((value) => new Int32(value)),
  fc.double().map((value) => new Double(value)),
  bytes(16).map((value) => new Decimal128(value)),
  fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 8, 128, 255)).map(([value, subtype]) => new Binary(value, subtype)),
  fc.constant(new UUID('11111111-1111-4111-8111-111111111111')),
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.nat(), fc.nat()).map(([t, i]) => new Timestamp({ t, i })),
  fc.constantFrom(new MinKey(), new MaxKey(), /a+b/, /x/gi, new BSONRegExp('^a', 'imx'), new Code('return 1'), new Code('return a', { a: 1 })),
  withoutZero.map((value) => new BSONSymbol(value)),
  bytes(12).map((id) => new DBRef('items', new ObjectId(id))),
)
const { document } = fc.letrec<{ document: Document; value: unknown }>((tie) => ({
  document: fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map(toDocument),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('document'), fc.array(tie('value'), { maxLength: 6 })),
}))

function toDocument(fields: [string, unknown][]): Document {
  const made: Document = {}
  for (const [name, value] of fields) Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true })
  return made
}

/** The package's Buffers and our plain bytes are the same to whoever reads them. */
const asExact = (bytesOf: Uint8Array): string => BSON.EJSON.stringify(BSON.deserialize(bytesOf, exact), { relaxed: false })
const asTaken = (taken: Document): string => Buffer.from(BSON.serialize({ taken }, { ignoreUndefined: false })).toString('hex')
const check = (property: fc.IProperty<unknown[]> | fc.IPropertyWithHooks<unknown[]>, numRuns = documentsRead): void =>
  fc.assert(property as fc.IProperty<unknown>, { seed, numRuns })

describe(`BSON of our own (seed ${seed})`, function () {
  this.timeout(300_000)

  it('is written byte for byte as the package writes it', () => {
    check(
      fc.property(document, fc.boolean(), (given, ignoreUndefined) => {
        assert.deepEqual(Buffer.from(writeDocument(given, ignoreUndefined)), Buffer.from(BSON.serialize(given, { ignoreUndefined })))
      }),
      documentsWritten,
    )
  })

  it('is read as the package reads it, from bytes and from a string', () => {
    check(
      fc.property(document, (given) => {
        const stored = BSON.serialize(given, { ignoreUndefined: false })
        const theirs = asTaken(BSON.deserialize(stored))
        assert.equal(asTaken(readOne(stored)), theirs)
        assert.equal(asTaken(readOne(Buffer.from(stored).toString('latin1'))), theirs)
      }),
    )
  })

  it('keeps every type when it is read to be written again', () => {
    check(
      fc.property(document, (given) => {
        const stored = BSON.serialize(given, { ignoreUndefined: false })
        assert.equal(asExact(writeDocument(readOne(stored, 'exact'))), asExact(stored))
      }),
      documentsWritten,
    )
  })

  it('is never taken for more than it is when bytes are changed or missing', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
    let refused = 0
    check(
      fc.property(document, damage, fc.nat(), fc.boolean(), (given, changes, cutAt, isCut) => {
        const stored = Uint8Array.from(BSON.serialize(given, { ignoreUndefined: false }))
        for (const [place, value] of changes) stored[place % stored.length] = value
        const damaged = isCut ? stored.subarray(0, cutAt % stored.length) : stored
        for (const payload of [damaged, Buffer.from(damaged).toString('latin1')]) refused += tryToRead(payload)
      }),
    )
    assert.ok(refused > documentsRead / 4, `only ${refused} were refused`)
  })

  it('is refused for what it is when the bytes are anything at all', () => {
    check(fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => void tryToRead(payload)))
  })

  it('allocates nothing for lengths that are announced and not there', () => {
    for (const length of [0x7fff_ffff, -1, 0x4000_0000, 0]) {
      const announced = Buffer.alloc(4)
      announced.writeInt32LE(length)
      for (const type of [2, 3, 4, 5, 13, 14, 15]) {
        const payload = Buffer.concat([Buffer.from([30, 0, 0, 0, type, 97, 0]), announced, Buffer.alloc(19)])
        assert.equal(tryToRead(payload), 1, `type ${type}, length ${length}`)
      }
    }
  })

  it('ends with an error for what is nested without end', () => {
    let nested: Document = {}
    for (let depth = 0; depth < 150; depth++) nested = { a: nested }
    assert.deepEqual(readOne(writeDocument(nested)), nested)
    const deep = Buffer.alloc(8 * 100_000 + 5)
    for (let at = 0, level = 0; level < 100_000; level++, at += 7) {
      deep.writeInt32LE(deep.length - 8 * level, at)
      deep.set([3, 97, 0], at + 4)
    }
    assert.equal(tryToRead(deep), 1)
    const circle: Document = {}
    circle.self = circle
    assert.throws(() => writeDocument(circle), /nested deeper/)
  })
})

describe('BSON of our own, between two drivers', function () {
  this.timeout(120_000)
  let mongo: GivenMongo
  before(async () => {
    mongo = await givenMongo()
  })
  after(() => mongo?.[Symbol.asyncDispose]())

  it('comes back from a real MongoDB as the package reads it', async () => {
    const items = mongo.client.db(`gatewayid_${mongo.newGatewayId()}_dev`).collection('items')
    const given = fc.sample(document, { numRuns: 500, seed }).map((fields, n) => readOne(writeDocument({ given: withoutReserved(fields), n }), 'exact'))
    await items.insertMany(given)
    const raw = (await items.find({}, { raw: true }).sort({ n: 1 }).toArray()) as unknown as Uint8Array[]
    const ours = readDocuments(Buffer.concat(raw))
    assert.equal(ours.length, 500)
    // Not by the driver's own find(): it asks for fields "as raw" by a plain object, so that an array called `toString` is not read at all.
    for (const [n, document] of ours.entries()) assert.equal(asTaken(document), asTaken(BSON.deserialize(raw[n] as Uint8Array)), `document ${n}`)
  })
})

/** A reference's fields have an order that MongoDB insists on. */
function withoutReserved(fields: Document): Document {
  return toDocument(Object.entries(fields).filter(([name]) => !name.startsWith('$')))
}

/** @returns 1 when it was refused; any other error, and what takes long, fails the test */
function tryToRead(payload: Uint8Array | string): number {
  try {
    readDocuments(payload)
    return 0
  } catch (error) {
    assert.ok(error instanceof BsonReadError, String(error))
    return 1
  }
}
