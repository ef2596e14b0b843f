import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { environmentDatabaseName, gatewayDatabaseName } from '@imprun/contracts'
import { type GivenBackend, givenBackend } from '../../../backend/test/support/given-backend.ts'
import { type GivenMongo, givenMongo } from '../../../backend/test/support/given-mongo.ts'
import { workerAddress } from '../../../backend/test/support/worker-address.ts'
import { skip } from '../../../test/support/skip.ts'
import { toWorker } from '../../src/frames/frames.ts'
import { startWorkerProcess, type WorkerProcess } from '../../src/front/supervision/worker-process.ts'
import { eventually } from '../support/eventually.ts'
import { givenRuntime } from '../support/given-runtime.ts'
import { configurationDefault } from '../support/given-worker.ts'

const escapedFile = fileURLToPath(new URL('../fixtures/escaped-worker.ts', import.meta.url))
const secretKey = Buffer.alloc(32, 9)
const reachable = ['read its own data', 'write its own data']

interface Found {
  outcomes: Record<string, string>
  surroundings: Record<string, string>
  onItsMachine: Record<string, string>
}

describe('an escaped worker', function () {
  this.timeout(60_000)
  let stack: AsyncDisposableStack
  let mongo: GivenMongo
  let backend: GivenBackend
  before(async () => {
    stack = new AsyncDisposableStack()
    mongo = stack.use(await givenMongo())
    backend = stack.use(await givenBackend({ env: { IMPRUN_SECRET_KEY: secretKey.toString('hex') } }))
    for (const gatewayId of ['intruder', 'victim']) await givenGatewayWithData(gatewayId, 'separate')
    await givenGatewayWithData('together', 'shared')
  })
  after(() => stack.disposeAsync())

  async function givenGatewayWithData(gatewayId: string, database: 'separate' | 'shared'): Promise<void> {
    await backend.api.call('createGateway', { body: { name: gatewayId, gatewayId, database } })
    await eventually(async () => assert.equal((await backend.api.call('getGateway', { params: { gatewayId } })).phase, 'Started'), 30_000)
    for (const environment of ['dev', 'prod'] as const) {
      const name = environmentDatabaseName(gatewayId, environment, database)
      await mongo.database.client.db(name).collection('mine').insertOne({ gatewayId, environment })
    }
  }
  /** Started and bound as the front does it, with the address of MongoDB that the backend gives the real ones. */
  async function givenEscaped(gatewayId: string, database: 'separate' | 'shared'): Promise<Found> {
    const ready = Promise.withResolvers<WorkerProcess>()
    const worker = startWorkerProcess({ path: escapedFile, files: [] }, ready.resolve, () =>
      ready.reject(new Error(`The escaped worker did not start: ${worker.errorTail()}`)),
    )
    await ready.promise
    const found = Promise.withResolvers<Found>()
    worker.onLost = () => found.reject(new Error(`The escaped worker was lost: ${worker.errorTail()}`))
    worker.onFrame = (_id, _kind, buffer, _metaAt, bodyAt, end) => found.resolve(JSON.parse(buffer.toString('utf8', bodyAt, end)))
    const bind = {
      ...{ gatewayId, environment: 'dev', memoryMb: 64, configuration: configurationDefault },
      ...{ dataUri: workerAddress(mongo.database, secretKey, gatewayId, 'dev'), dataDatabase: environmentDatabaseName(gatewayId, 'dev', database) },
      others: {
        gatewayDatabase: gatewayDatabaseName(gatewayId),
        otherEnvironment: environmentDatabaseName(gatewayId, 'prod', 'separate'),
        otherGatewayDatabase: gatewayDatabaseName('victim'),
        otherData: environmentDatabaseName('victim', 'dev', 'separate'),
      },
    }
    worker.send(1, toWorker.bind, '', JSON.stringify(bind), 'utf8')
    try {
      return await found.promise
    } finally {
      worker.onLost = () => undefined
      worker.kill()
      await worker.exited
    }
  }
  /** Whatever MongoDB did not refuse, even if it failed for another reason. */
  const reachedOf = ({ outcomes: { 'the databases it sees': _seen, ...outcomes } }: Found): string[] =>
    Object.keys(outcomes).filter((name) => outcomes[name] !== 'Unauthorized')

  it('reaches its own environment’s data and nothing else of MongoDB, which refuses the rest itself', async () => {
    const found = await givenEscaped('intruder', 'separate')
    assert.deepEqual(reachedOf(found), reachable)
    assert.equal(found.outcomes['the databases it sees'], environmentDatabaseName('intruder', 'dev', 'separate'))
    assert.equal(
      await mongo.database.client
        .db(environmentDatabaseName('victim', 'dev', 'separate'))
        .collection('mine')
        .countDocuments(),
      1,
    )
  })

  it('reaches its gateway’s own collections too where the data is shared with them: there no user of MongoDB can part the two', async () => {
    const found = await givenEscaped('together', 'shared')
    const ofItsGateway = ['functions', 'keys', 'variables'].map((what) => `read the ${what} of its gateway`)
    const more = ['publish a function past the backend', 'watch its gateway', 'merge its data into the functions of its gateway']
    assert.deepEqual(new Set(reachedOf(found)), new Set([...reachable, ...ofItsGateway, ...more]))
    assert.equal(found.outcomes['the databases it sees'], gatewayDatabaseName('together'))
  })

  it('was given no secret but its own address of MongoDB: not by its environment, and its folder is nobody’s', async () => {
    const { surroundings } = await givenEscaped('intruder', 'separate')
    const variables = JSON.parse(surroundings['its environment'] ?? '{}') as Record<string, string>
    assert.deepEqual(Object.keys(variables), ['NODE_COMPILE_CACHE'])
    for (const text of Object.values(surroundings)) assert.doesNotMatch(text, /mongodb(\+srv)?:|secret|token|password/i)
    assert.equal(surroundings['its folder'], '/')
  })

  it('reads nothing of the front or its machine, starts nothing and changes no code: Node.js refuses each of it', async () => {
    const { onItsMachine } = await givenEscaped('intruder', 'separate')
    assert.ok(Object.keys(onItsMachine).length >= 12)
    assert.deepEqual(new Set(Object.values(onItsMachine)), new Set(['refused: ERR_ACCESS_DENIED']), JSON.stringify(onItsMachine))
  })

  it('would find no secret in the environment of the front even as another process of the same user', async function () {
    if (process.platform !== 'linux') skip(this, 'The system tells nobody the environment of a process.')
    await using runtime = await givenRuntime(mongo)
    const environment = await readFile(`/proc/${runtime.process.pid}/environ`, 'latin1')
    assert.match(environment, /IMPRUN_RUNTIME_ID=/)
    assert.doesNotMatch(environment, new RegExp(`mongodb|${runtime.token}`))
  })
})
