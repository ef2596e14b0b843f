import { strict as assert } from 'node:assert'
import { type Collection, type Db, type Document, MongoNetworkError, MongoServerError } from 'mongodb'
import { findOneRaw } from './find-one.ts'

const fromCommand = Buffer.from('command')
const fromDriver = Buffer.from('driver')

/** @param answer of the bare command */
function ask(filter: unknown, options: Document, answer: () => Document): Promise<Uint8Array | null> {
  const db = { command: async () => answer() } as unknown as Db
  const collection = { collectionName: 'items', readConcern: undefined, findOne: async () => fromDriver } as unknown as Collection
  return findOneRaw(db, collection, filter, options)
}
const found = (documents: Uint8Array[]) => () => ({ cursor: { firstBatch: documents } })
const failing = (error: Error) => () => {
  throw error
}

describe('the first document of a filter', () => {
  it('is asked for by one bare command when there is nothing but the filter', async () => {
    assert.equal(await ask({ a: 1 }, { maxTimeMS: 5 }, found([fromCommand])), fromCommand)
    assert.equal(await ask({ a: 1 }, { maxTimeMS: 5 }, found([])), null)
  })
  it('is left to the driver with options, or with a filter that is no plain document', async () => {
    const never = failing(new Error('No command was to be sent.'))
    assert.equal(await ask({ a: 1 }, { maxTimeMS: 5, sort: { a: 1 } }, never), fromDriver)
    for (const filter of [undefined, [], { _bsontype: 'ObjectId' }]) assert.equal(await ask(filter, { maxTimeMS: 5 }, never), fromDriver)
  })
  it('is asked for again by the driver after a failure that passes', async () => {
    for (const error of [new MongoNetworkError('cut'), new MongoServerError({ code: 10107 })]) {
      assert.equal(await ask({ a: 1 }, { maxTimeMS: 5 }, failing(error)), fromDriver)
    }
  })
  it('fails at once with a failure that stays', async () => {
    await assert.rejects(ask({ $bad: 1 }, { maxTimeMS: 5 }, failing(new MongoServerError({ code: 2 }))), { code: 2 })
  })
})
