import { strict as assert } from 'node:assert'
import { Code, Int32, ObjectId } from 'bson'
import { createAccessRules } from './access-rules.ts'
import { readBulk } from './bulk-write.ts'
import { DataAccessRefused } from './data-error.ts'

const rules = createAccessRules('gatewayid_shop_dev')

function isOpen(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    assert.ok(error instanceof DataAccessRefused, String(error))
    return false
  }
}

describe('access rules', () => {
  it('open the collections of the environment and none of imprun or MongoDB', () => {
    const open = ['orders', 'tax_calculations', '_private', 'a.b', 'systems', 'my__x', 'Ünïcode']
    const closed = ['__published_functions', '__credentials', '__', 'system.users', 'system.js', 'fs.system.x', '', 'a$b', 'a\0b', 'x'.repeat(201)]
    assert.deepEqual(
      open.filter((name) => !isOpen(() => rules.checkCollection(name))),
      [],
    )
    assert.deepEqual(
      closed.filter((name) => isOpen(() => rules.checkCollection(name))),
      [],
    )
  })

  it('refuse operators that run JavaScript on the server at any depth', () => {
    const open = [
      {},
      { a: { $gt: 1 } },
      { $expr: { $eq: ['$a', '$b'] } },
      { a: 'text with $where' },
      { where: 1 },
      { a: new ObjectId() },
      { a: new Int32(1) },
      null,
      5,
      { a: new Date() },
    ]
    const closed = [
      { $where: 'true' },
      { $where: new Code('true') },
      { $or: [{ a: 1 }, { $and: [{ $where: '1' }] }] },
      { $expr: { $function: { body: 'f', args: [], lang: 'js' } } },
      { a: { b: [{ c: { $accumulator: {} } }] } },
      { $nor: [[{ $where: 1 }]] },
      { $_internalSchemaType: 1 },
    ]
    assert.deepEqual(
      open.filter((value) => !isOpen(() => rules.checkExpression(value))),
      [],
    )
    assert.deepEqual(
      closed.filter((value) => isOpen(() => rules.checkExpression(value))),
      [],
    )
  })

  it('keep pipelines inside the database', () => {
    const closed = [
      [{ $out: '__credentials' }],
      [{ $out: { db: 'admin', coll: 'x' } }],
      [{ $out: { db: 'sys_db', coll: 'users' } }],
      [{ $out: { db: 'gatewayid_shop_dev', coll: '__x' } }],
      [{ $merge: '__credentials' }],
      [{ $merge: { into: '__credentials' } }],
      [{ $merge: { into: { db: 'other', coll: 'x' } } }],
      [{ $merge: { into: 'x', whenMatched: [{ $set: { a: { $function: {} } } }] } }],
      [{ $lookup: { from: '__credentials', as: 'x' } }],
      [{ $lookup: { from: { db: 'sys_db', coll: 'users' }, as: 'x' } }],
      [{ $lookup: { from: 'ok', as: 'x', pipeline: [{ $lookup: { from: '__credentials', as: 'y' } }] } }],
      [{ $unionWith: '__credentials' }],
      [{ $unionWith: { coll: '__credentials' } }],
      [{ $unionWith: { coll: 'ok', pipeline: [{ $unionWith: 'system.users' }] } }],
      [{ $unionWith: { db: 'admin', coll: 'x' } }],
      [{ $graphLookup: { from: '__credentials', startWith: '$a', connectFromField: 'a', connectToField: 'b', as: 'x' } }],
      [{ $graphLookup: { from: { db: 'x', coll: 'y' } } }],
      [{ $facet: { a: [{ $match: {} }], b: [{ $lookup: { from: '__runtimes', as: 'x' } }] } }],
      [{ $facet: { a: [{ $facet: { b: [{ $out: '__x' }] } }] } }],
      [{ $match: { $expr: { $function: {} } } }],
      [{ $group: { _id: 1, x: { $accumulator: {} } } }],
      [{ $project: { x: { $cond: [{ $function: {} }, 1, 2] } } }],
      [{ $currentOp: {} }],
      [{ $listSessions: {} }],
      [{ $changeStream: {} }],
      [{ $collStats: {} }],
      [{ $match: {}, $out: '__x' }],
      [{ $unknownStage: {} }],
      ['$match'],
      [null],
      'not a list',
      { 0: { $match: {} } },
    ]
    assert.deepEqual(
      closed.filter((pipeline) => isOpen(() => rules.checkPipeline(pipeline))),
      [],
    )
  })

  it('let ordinary pipelines pass', () => {
    const open = [
      [],
      [{ $match: { a: 1 } }, { $group: { _id: '$a', n: { $sum: 1 } } }, { $sort: { n: -1 } }, { $limit: new Int32(5) }],
      [{ $lookup: { from: 'customers', localField: 'c', foreignField: '_id', as: 'customer' } }],
      [{ $lookup: { from: 'customers', let: { a: 1 }, pipeline: [{ $match: {} }], as: 'x' } }],
      [{ $lookup: { pipeline: [{ $documents: [{ a: 1 }] }], as: 'x' } }],
      [{ $unionWith: { coll: 'more', pipeline: [{ $project: { a: 1 } }] } }],
      [{ $graphLookup: { from: 'employees', startWith: '$boss', connectFromField: 'boss', connectToField: 'name', as: 'chain' } }],
      [{ $facet: { a: [{ $count: 'n' }], b: [{ $bucket: { groupBy: '$a', boundaries: [0, 1] } }] } }],
      [{ $out: 'summary' }],
      [{ $merge: { into: { db: 'gatewayid_shop_dev', coll: 'summary' }, whenMatched: 'replace' } }],
    ]
    assert.deepEqual(
      open.filter((pipeline) => !isOpen(() => rules.checkPipeline(pipeline))),
      [],
    )
  })

  it('hold each member of a bulk write to what holds operations of their own', () => {
    const refused: unknown[] = [
      [{ updateOne: { filter: { $where: '1' }, update: { $set: { a: 1 } } } }],
      [{ updateMany: { filter: {}, update: [{ $set: { a: { $function: {} } } }] } }],
      [{ updateOne: { filter: {}, update: [{ $lookup: { from: '__credentials', as: 'x' } }] } }],
      [{ updateOne: { filter: {}, update: [{ $out: 'x', $merge: '__x' }] } }],
      [{ updateOne: { filter: {}, update: { $set: {} }, arrayFilters: [{ $where: '1' }] } }],
      [{ updateOne: { filter: {}, update: { $set: {} }, hint: { $function: 1 } } }],
      [{ replaceOne: { filter: { $expr: { $function: {} } }, replacement: {} } }],
      [{ replaceOne: { filter: {}, replacement: {}, sort: { $accumulator: 1 } } }],
      [{ deleteOne: { filter: { $or: [{ $where: '1' }] } } }],
      [{ deleteMany: { filter: { a: { $not: { $where: '1' } } } } }],
      [{ insertOne: { document: {} } }, { deleteMany: { filter: { $where: '1' } } }],
      [{ insertOne: { document: {} }, deleteMany: { filter: {} } }],
      [{ insertMany: { documents: [] } }],
      [{ command: { drop: 'x' } }],
      [{ __proto__: null, constructor: {} }],
      [{}],
      [null],
      ['insertOne'],
      [{ deleteOne: null }],
      'insertOne',
      { 0: { insertOne: {} } },
    ]
    assert.deepEqual(
      refused.filter((members) => isOpen(() => readBulk(members, rules))),
      [],
    )
    const members = [
      { insertOne: { document: { $where: 'data', namespace: 'x' } } },
      { updateOne: { filter: { a: 1 }, update: {}, upsert: 1, namespace: 'admin.x' } },
    ]
    assert.deepEqual(readBulk(members, rules), [
      { insertOne: { document: { $where: 'data', namespace: 'x' } } },
      { updateOne: { filter: { a: 1 }, update: {}, upsert: true } },
    ])
  })

  it('see through what hides in lists, expressions and stages', () => {
    const expressions = [
      { a: { $elemMatch: { $where: '1' } } },
      { a: new Code('return true') },
      { $expr: { $let: { vars: { x: { $function: {} } }, in: 1 } } },
      { $expr: { $map: { input: [], in: { $function: {} } } } },
      { $jsonSchema: { properties: { a: { $where: 1 } } } },
      { a: { $in: [{ $function: {} }] } },
      { $and: [{ $expr: { $reduce: { input: [], initialValue: 0, in: { $accumulator: {} } } } }] },
    ]
    const pipelines = [
      [{ $lookup: { from: 'a', as: 'x', pipeline: [{ $facet: { y: [{ $unionWith: { coll: '__x' } }] } }] } }],
      [{ $facet: { a: [{ $unionWith: { coll: 'a', pipeline: [{ $graphLookup: { from: '__x' } }] } }] } }],
      [{ $lookup: { from: 'a', as: 'x', let: { v: { $function: {} } }, pipeline: [] } }],
      [{ $merge: { into: 'a', let: { v: { $function: {} } }, whenMatched: [{ $set: { a: 1 } }] } }],
      [{ $unionWith: { coll: 'system.profile' } }],
      [{ $out: { db: 'admin', coll: 'system.users' } }],
      [{ $merge: { into: { db: 'gatewayid_shop_prod', coll: 'orders' } } }],
      [{ $graphLookup: { from: 'a', restrictSearchWithMatch: { $where: '1' } } }],
      [{ $setWindowFields: { output: { a: { $accumulator: {} } } } }],
      [{ $bucket: { groupBy: { $function: {} }, boundaries: [] } }],
      [{ $group: { _id: { $function: {} } } }],
      [{ $sortByCount: { $function: {} } }],
      [{ $replaceWith: { $function: {} } }],
      [{ $redact: { $cond: [{ $function: {} }, 1, 2] } }],
      [{ $planCacheStats: {} }],
      [{ $listLocalSessions: {} }],
      [{ $listClusterCatalog: {} }],
      [{ $rankFusion: { input: {} } }],
      [{ $queue: [] }],
      [{ $lookup: { from: { $literal: '__x' }, as: 'x' } }],
    ]
    assert.deepEqual(
      [...expressions.filter((value) => isOpen(() => rules.checkExpression(value))), ...pipelines.filter((value) => isOpen(() => rules.checkPipeline(value)))],
      [],
    )
    assert.equal(
      isOpen(() => rules.checkUpdate([{ $unionWith: '__x' }])),
      false,
    )
    assert.ok(!rules.isOpenCollection('__x') && !rules.isOpenCollection('system.views') && rules.isOpenCollection('orders'))
  })

  it('name the stage and the collection in what they refuse', () => {
    assert.throws(() => rules.checkPipeline([{ $lookup: { from: '__credentials', as: 'x' } }]), /__credentials.*\$lookup/)
    assert.throws(() => rules.checkPipeline([{ $currentOp: {} }]), /\$currentOp/)
  })

  it('refuse what is nested without end instead of following it', () => {
    let deep: Record<string, unknown> = {}
    for (let at = 0; at < 5000; at++) deep = { a: deep }
    assert.equal(
      isOpen(() => rules.checkExpression(deep)),
      false,
    )
  })
})
