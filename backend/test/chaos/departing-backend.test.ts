import { strict as assert } from 'node:assert'
import { gatewayDatabaseName } from '@imprun/contracts'
import { isAlive } from '../../src/platform/processes.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import { eventually } from '../support/eventually.ts'
import { givenFaultProxy, isOfBackend } from '../support/fault-proxy.ts'
import type { GivenBackend } from '../support/given-backend.ts'
import { givenBackends } from '../support/given-backends.ts'
import { givenMongo } from '../support/given-mongo.ts'

/** So long that nothing changes hands because a lock has run out. */
const lockMs = 86_400_000
const within = 60_000
const gatewayId = 'handed-over'
const holderOf = ({ home }: GivenBackend) => `backend-${homeDigest(home)}`

describe('a backend that is told to end in the middle of a step', function () {
  this.timeout(5 * 60_000)

  it('frees what it holds, and another one goes on with it', async () => {
    await using mongo = await givenMongo()
    await using proxy = await givenFaultProxy(mongo.uri)
    await using given = await givenBackends(2, { MONGODB_URI: proxy.uri, IMPRUN_LOCK_MS: String(lockMs) })
    const find = () => mongo.database.sys.collection('apiGateways').findOne({ gatewayId })
    // Whoever takes the new gateway comes no further than this command, and the other one passes.
    const stuck = Promise.withResolvers<string>()
    let stuckName: string | undefined
    using _ = proxy.interfere((crossing) => {
      const { name, direction, command, appName } = crossing
      if (!isOfBackend(crossing) || name !== 'grantPrivilegesToRole' || direction === 'toClient') return undefined
      if (!JSON.stringify(command.privileges).includes(gatewayDatabaseName(gatewayId))) return undefined
      stuckName ??= appName
      if (appName !== stuckName) return undefined
      stuck.resolve(appName)
      return new Promise<never>(() => {})
    })

    await given.backends[0]?.api.call('createGateway', { body: { name: gatewayId, gatewayId } })
    const leavingName = await stuck.promise
    const isLeaving = (backend: GivenBackend) => leavingName.endsWith(holderOf(backend))
    const [leaving, staying] = [given.backends.find(isLeaving), given.backends.find((backend) => !isLeaving(backend))]
    assert.ok(leaving && staying)
    const held = await find()
    assert.equal(held?.lockedBy, holderOf(leaving))
    const { pid } = leaving.connection
    process.kill(pid, 'SIGTERM')
    await eventually(async () => {
      const now = await find()
      assert.equal(now?.lockedBy, holderOf(staying))
      assert.ok(now.fence > held?.fence && now.phase !== 'Creating')
    }, within)
    await eventually(() => assert.ok(!isAlive(pid)), within)
    assert.equal((await leaving.stop()).exitCode, 0)
  })
})
