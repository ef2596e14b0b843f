import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { logTailEventSchema, type StoredLog } from '@imprun/contracts'
import type { Response } from 'express'
import { ensureGatewayIndexes } from '../../src/database/indexes.ts'
import { createWatcher } from '../../src/database/watcher.ts'
import { LogTail } from '../../src/logs/log-tail.ts'
import { createTurns } from '../../src/logs/turns.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { eventually } from '../support/eventually.ts'
import { givenMongo } from '../support/given-mongo.ts'

const gatewayId = 'tailed'

/** A tail of one gateway behind a real connection whose reader can stop reading. */
async function givenTail() {
  const mongo = await givenMongo()
  const { database } = mongo
  await ensureGatewayIndexes(database, gatewayId)
  const watcher = createWatcher({ database, clock: systemClock, log: silentLog })
  await watcher.start()
  await eventually(async () => assert.ok(watcher.place()))
  const takeTurn = createTurns(1)
  let served: ServerResponse | undefined
  const server = createServer((_, res) => {
    served = res
    const wish = { gatewayId, isWanted: () => true, after: undefined, stored: [] }
    void new LogTail({ database, watcher, log: silentLog, takeTurn }, wish, res as Response).serve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [reader] = (await once(get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
  const seen: string[] = []
  let rest = ''
  reader.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      const event = data === undefined ? undefined : logTailEventSchema.parse(JSON.parse(data))
      if (event) seen.push(event.type === 'log' ? (event.log.message.split(' ')[0] as string) : event.type)
    }
  })
  let count = 0
  return {
    reader,
    seen,
    heldBytes: () => served?.writableLength ?? 0,
    async write(lines: number, filler: string) {
      const made = Array.from({ length: lines }, (): StoredLog & { _id: string } => ({
        ...{ _id: `line-${count}`, environment: 'dev', functionName: 'f', version: '1.0.0', level: 'info', at: new Date() },
        message: `${count++} ${filler}`,
      }))
      await database.gateway(gatewayId).collection<StoredLog & { _id: string }>('__logs').insertMany(made)
    },
    async [Symbol.asyncDispose]() {
      reader.destroy()
      server.close()
      server.closeAllConnections()
      await watcher.stop()
      await mongo[Symbol.asyncDispose]()
    },
  }
}

describe('a log tail', function () {
  this.timeout(60_000)

  it('keeps little for a reader who does not read, and gives every line once when it does', async () => {
    await using given = await givenTail()
    const { reader, seen, write } = given
    await eventually(async () => assert.ok(seen.includes('hello')))
    await write(10, '')
    await eventually(async () => assert.equal(seen.filter((line) => /^\d/.test(line)).length, 10))
    reader.pause()
    for (let i = 0; i < 20; i++) await write(500, 'x'.repeat(2_000))
    assert.ok(given.heldBytes() < 4 * 1024 * 1024, `${given.heldBytes()} bytes wait of 20 MB`)
    reader.resume()
    await eventually(async () => assert.ok(seen.length >= 10_011, `${seen.length} have come`), 30_000)
    assert.deepEqual(
      seen.filter((line) => /^\d/.test(line)),
      Array.from({ length: 10_010 }, (_, i) => String(i)),
    )
    assert.ok(!seen.includes('gap'))
  })
})
