import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentNames, functionLimitsSchema, heartbeatEveryMs } from '@imprun/contracts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import { createProcessRuntimeDriver } from '../../src/runtime-driver/process/process-runtime-driver.ts'
import { eventually } from '../support/eventually.ts'
import { isGone } from '../support/given-driver.ts'
import { deletionOrder, givenLifecycle } from '../support/given-lifecycle.ts'

const entry = fileURLToPath(new URL('../../../runtime/src/main.ts', import.meta.url))

/** Gateways as the product has them: engines, the process driver and a real runtime. */
async function givenGatewaysOnRuntime() {
  const home = await mkdtemp(join(tmpdir(), 'imprun-gateways-'))
  const given = await givenLifecycle({
    createDriver: ({ database, users, sealer, assignments }) =>
      createProcessRuntimeDriver({
        database,
        users,
        sealer,
        clock: systemClock,
        log: silentLog,
        assignments,
        config: {
          runtimeId: 'test-runtime',
          entry,
          home,
          ports: { first: 0, count: 1 },
          baseDomains: ['localhost'],
          variables: { IMPRUN_RUNTIME_ORPHAN_MS: '20000' },
        },
      }),
  })
  return {
    ...given,
    async killRuntime() {
      const { pid } = JSON.parse(await readFile(join(home, 'run', 'runtime.json'), 'utf8')) as { pid: number }
      process.kill(pid, 'SIGKILL')
      await eventually(() => isGone(pid))
    },
    async [Symbol.asyncDispose]() {
      await given[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
      await rm(join(tmpdir(), `imprun-${homeDigest(home)}`), { recursive: true, force: true })
    },
  }
}

type Given = Awaited<ReturnType<typeof givenGatewaysOnRuntime>>

/** Writes a function where the runtime reads it, so that its environment has a worker. */
async function publishCount(given: Given, gatewayId: string) {
  await given.database
    .gateway(gatewayId)
    .collection('__published_functions')
    .insertOne({
      environment: 'dev',
      name: 'count',
      revision: 1_000,
      releaseId: 'r',
      version: '1.0.0',
      code: `var __exports = { default: async (req, res) => {
      await imp.db().collection('calls').insertOne({ at: new Date() })
      return res.json({ calls: await imp.db().collection('calls').countDocuments({}) })
    } }`,
      sourceMap: '',
      limits: functionLimitsSchema.parse({}),
      publishedAt: new Date(),
      deploymentId: 'd',
      isRemoved: false,
    })
}

describe('gateways on a real runtime', function () {
  this.timeout(120_000)

  it('serve their functions once Started, and are gone for good once deleted', async () => {
    await using given = await givenGatewaysOnRuntime()
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    const view = await given.getView('hometax')
    await publishCount(given, 'hometax')
    const call = async () => (await fetch(`${view.environments[0]?.pathUrl}/count`, { method: 'POST' })).json() as Promise<{ calls?: number; code?: string }>
    await eventually(async () => assert.ok(((await call()).calls ?? 0) > 0))
    await given.gateways.wantDeleted('hometax', deletionOrder)
    await given.isGone('hometax')
    assert.match((await call()).code ?? '', /NOT_FOUND$/)
    // Longer than a heartbeat: what still ran would write, and so bring a database back.
    await new Promise((resolve) => setTimeout(resolve, heartbeatEveryMs + 500))
    const { databases } = await given.database.named('admin').admin().listDatabases({ nameOnly: true })
    assert.deepEqual(
      databases.map(({ name }) => name).filter((name) => name.startsWith('gatewayid_')),
      [],
    )
  })

  it('are Started again with all environments after the runtime was killed', async () => {
    await using given = await givenGatewaysOnRuntime()
    await given.createGateway({ name: 'hometax' })
    await given.createGateway({ name: 'other' })
    await Promise.all(['hometax', 'other'].map((gatewayId) => given.reaches(gatewayId, 'Started')))
    await given.killRuntime()
    for (const gatewayId of ['hometax', 'other']) {
      const { environments } = await given.getView(gatewayId)
      for (const { pathUrl } of environments)
        await eventually(async () => {
          const { code } = (await (await fetch(`${pathUrl}/absent`)).json()) as { code: string }
          assert.equal(code, 'FUNCTION_NOT_FOUND')
        })
      assert.deepEqual(
        environments.map(({ name, phase }) => ({ name, phase })),
        environmentNames.map((name) => ({ name, phase: 'Started' })),
      )
    }
  })
})
