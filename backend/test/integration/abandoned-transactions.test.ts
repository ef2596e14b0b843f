import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endAbandonedTransactions } from '../../src/database/abandoned-transactions.ts'
import { connectDatabase } from '../../src/database/database.ts'
import { silentLog } from '../../src/platform/log.ts'
import { givenMongo } from '../support/given-mongo.ts'

const fixture = fileURLToPath(new URL('../fixtures/open-transaction.ts', import.meta.url))

describe('transactions that a killed backend left open', function () {
  this.timeout(60_000)

  const leaveOneOpen = async (uri: string, appName: string) => {
    const child = spawn(process.execPath, [fixture, uri, appName], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  const isBlocked = async (write: Promise<unknown>) => {
    try {
      await write
      return false
    } catch (error) {
      assert.equal((error as { code?: number }).code, 50)
      return true
    }
  }

  it('are ended by its next life, and those of others are not', async () => {
    await using given = await givenMongo()
    const things = given.database.sys.collection<{ _id: string }>('things')
    await things.insertOne({ _id: 'held' })
    const write = (timeoutMs: number) => things.updateOne({ _id: 'held' }, { $set: { by: 'test' } }, { maxTimeMS: timeoutMs })
    await leaveOneOpen(given.uri, 'backend-a')
    assert.equal(await isBlocked(write(300)), true)
    const other = await connectDatabase(given.uri, { appName: 'backend-b' })
    await endAbandonedTransactions(other, silentLog)
    await other.close()
    assert.equal(await isBlocked(write(300)), true)
    const next = await connectDatabase(given.uri, { appName: 'backend-a' })
    await endAbandonedTransactions(next, silentLog)
    await next.close()
    assert.equal(await isBlocked(write(5_000)), false)
  })
})
