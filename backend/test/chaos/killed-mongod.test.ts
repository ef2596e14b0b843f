import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EnvironmentName } from '@imprun/contracts'
import { isAlive, waitUntilGone } from '../../src/platform/processes.ts'
import { ProblemError } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { listRuntimes } from '../support/inventory.ts'

const gatewayId = 'steadfast'
const name = 'answer'
const params = { gatewayId, functionId: name }
const answering = (value: number): string => `export default () => ({ value: ${value} })`
const within = 60_000

describe('while MongoDB is killed and comes back', function () {
  this.timeout(8 * 60_000)
  let backend: GivenBackend
  let apiKey: string
  before(async () => {
    backend = await givenBackend({ asProcess: true, mongodb: 'embedded' })
    await givenGateway(backend, gatewayId)
    await givenPublished(backend, gatewayId, name, answering(0))
    await backend.api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    await backend.api.call('patchEnvironment', { params: { gatewayId, environment: 'staging' }, body: { authType: 'key-auth' } })
    const { applicationId } = await backend.api.call('createApplication', { body: { name: 'Shop' } })
    apiKey = (await backend.api.call('createGrant', { body: { applicationId, gatewayId, environment: 'staging' } })).apiKey
    await call('staging', apiKey)
  })
  after(() => backend?.[Symbol.asyncDispose]())

  const call = (environment: EnvironmentName, key?: string) => callFunction(backend, { gatewayId, environment, name, apiKey: key, input: {} })
  const readNote = async (): Promise<{ pid: number; port: number }> => JSON.parse(await readFile(join(backend.home, 'run', 'mongod.json'), 'utf8'))
  const killMongod = async () => {
    const { pid } = await readNote()
    process.kill(pid, 'SIGKILL')
    assert.ok(await waitUntilGone(pid, within), 'MongoDB was killed')
    return pid
  }
  const readiness = async () => (await fetch(new URL('/readyz', backend.connection.apiUrl))).status
  const isBack = (before: number) =>
    eventually(async () => {
      const { pid } = await readNote()
      assert.ok(pid !== before && isAlive(pid))
      assert.equal(await readiness(), 200)
    }, within)
  /** Somebody else has its port for a while, so it cannot come back at once. */
  const killMongodFor = async (awayMs: number) => {
    const { port } = await readNote()
    for (;;) {
      const killed = await killMongod()
      await using squatter = await listenAt(port)
      if (squatter) {
        const isAway = eventually(async () => assert.notEqual(await readiness(), 200), within)
        await Promise.all([isAway, sleep(awayMs)])
        return killed
      }
      // The backend was quicker.
      await isBack(killed)
    }
  }

  it('no acknowledged deployment is lost, and no caller of a function notices', async () => {
    const { pid: backendPid } = backend.connection
    const runtimesBefore = await listRuntimes(backend.home)
    const acknowledged: { value: number; deploymentId: string }[] = []
    const refused: string[] = []
    const wrong: unknown[] = []
    let calls = 0
    let isOver = false
    const save = async () => {
      for (let value = 1; !isOver; value++) {
        try {
          const { deployment } = await backend.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(value) } })
          if (deployment?.status === 'SUCCESS') acknowledged.push({ value, deploymentId: deployment.deploymentId })
        } catch (error) {
          refused.push(error instanceof ProblemError ? error.problem.code : String(error))
        }
      }
    }
    const ask = async () => {
      while (!isOver) {
        const atLeast = acknowledged.at(-1)?.value ?? 0
        const [open, keyed, unknown] = await Promise.all([call('dev'), call('staging', apiKey), call('staging', `${apiKey}x`)])
        const { value } = open.body as { value: number }
        if (open.status !== 200 || value < atLeast || keyed.status !== 200 || unknown.status !== 401) wrong.push({ open, atLeast, keyed, unknown })
        calls++
      }
    }
    const working = Promise.all([save(), ask(), ask()])
    for (const awayMs of [0, 5_000]) {
      const before = acknowledged.length
      await eventually(() => assert.ok(acknowledged.length >= before + 3), within)
      await isBack(await (awayMs > 0 ? killMongodFor(awayMs) : killMongod()))
    }
    const before = acknowledged.length
    await eventually(() => assert.ok(acknowledged.length >= before + 3, `nothing goes on: ${refused.at(-1)}`), within)
    isOver = true
    await working

    assert.deepEqual(wrong, [])
    assert.ok(
      refused.every((code) => /^(DATABASE_UNAVAILABLE|RUNTIME_|DEPLOYMENT_SUPERSEDED)/.test(code)),
      String([...new Set(refused)]),
    )
    const kept = new Set<string>()
    for (let cursor: string | undefined; ; ) {
      const { items, nextCursor } = await backend.api.call('listDeployments', { params, query: { status: 'SUCCESS', ...(cursor ? { cursor } : {}) } })
      for (const { deploymentId } of items) kept.add(deploymentId)
      if (!nextCursor) break
      cursor = nextCursor
    }
    assert.deepEqual(
      acknowledged.filter(({ deploymentId }) => !kept.has(deploymentId)),
      [],
      'acknowledged and lost',
    )
    assert.equal(backend.connection.pid, backendPid)
    assert.deepEqual(await listRuntimes(backend.home), runtimesBefore)
    console.log(`      ${acknowledged.length} deployments acknowledged, ${refused.length} refused, ${calls} rounds of calls answered`)
  })

  it('known keys open functions while backend and MongoDB are both dead, and unknown ones do not', async () => {
    const { connection } = backend
    await backend.kill()
    await killMongod()
    const asked = (key: string) => callFunction({ connection }, { gatewayId, environment: 'staging', name, apiKey: key, input: {} })
    assert.deepEqual([(await asked(apiKey)).status, (await asked(`${apiKey}x`)).status], [200, 401])
    await backend.start()
    assert.equal((await call('staging', apiKey)).status, 200)
  })
})

/** Takes a port, and hangs up on whoever connects. @returns undefined when it is taken */
async function listenAt(port: number): Promise<AsyncDisposable | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return undefined
  }
  return server
}
