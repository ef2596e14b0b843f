import { strict as assert } from 'node:assert'
import type { MongoClient } from 'mongodb'
import type { LogMessage } from '../../frames/frames.ts'
import { silentLog } from '../../platform/log.ts'
import { Environment } from '../environment.ts'
import { createLogBatcher } from './log-batcher.ts'

type Line = { _id: string; message: string; functionName: string; level: string }

function givenBatcher() {
  const stored: Line[] = []
  let isAway = false
  const insertMany = async (lines: Line[]): Promise<void> => {
    if (isAway) throw new Error('MongoDB is away.')
    stored.push(...lines)
  }
  const client = { db: () => ({ collection: () => ({ insertMany }) }) } as unknown as MongoClient
  const dropped: number[] = []
  const batcher = createLogBatcher({ client, log: silentLog, observe: (event) => event.type === 'logs-dropped' && dropped.push(event.count) })
  const environment = new Environment({
    gatewayId: 'a',
    environment: 'dev',
    fence: 1,
    hosts: [],
    gatewayDatabase: 'gatewayid_a',
    dataDatabase: '',
    dataUri: '',
  })
  const message = (text: string): LogMessage => ({ index: environment.indexOf('orders/list'), version: '1.0.0', level: 'info', message: text, at: 0 })
  return {
    stored,
    dropped,
    add: (text: string) => batcher.add(environment, message(text)),
    settle: () => batcher.settle('gatewayid_a'),
    away: (is: boolean) => {
      isAway = is
    },
    [Symbol.asyncDispose]: () => batcher.stop(),
  }
}

describe('the log batcher', () => {
  it('stores lines in their order, under the name of their function', async () => {
    await using given = givenBatcher()
    for (const text of ['one', 'two', 'three']) given.add(text)
    await given.settle()
    assert.deepEqual(
      given.stored.map(({ message, functionName }) => [message, functionName]),
      ['one', 'two', 'three'].map((text) => [text, 'orders/list']),
    )
    assert.equal(new Set(given.stored.map(({ _id }) => _id)).size, 3)
  })
  it('keeps lines while MongoDB is away', async () => {
    await using given = givenBatcher()
    given.away(true)
    given.add('patient')
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.equal(given.stored.length, 0)
    given.away(false)
    while (given.stored.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(given.stored[0]?.message, 'patient')
  })
  it('counts what finds no room and says so in the log itself', async () => {
    await using given = givenBatcher()
    for (let i = 0; i < 10_050; i++) given.add(`line ${i}`)
    while (given.dropped.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(given.dropped, [50])
    while (given.stored.length < 10_001) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(given.stored.length, 10_001)
    assert.match(given.stored.at(-1)?.message ?? '', /^50 log lines were dropped/)
  })
})
