import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { MongoClient } from 'mongodb'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

export interface GivenMongo extends AsyncDisposable {
  readonly uri: string
  readonly client: MongoClient
  /** A gateway id that no other test uses, so that tests can share a server. */
  newGatewayId(): string
}
export interface GivenOwnMongo extends GivenMongo {
  /** kill -9; the address stays. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  restart(): Promise<void>
}

interface Server {
  uri: string
  process: ChildProcess
  start(): Promise<void>
  kill(): Promise<void>
  remove(): Promise<void>
}

let shared: Promise<{ uri: string }> | undefined

/** A real replica set of one: IMPRUN_TEST_MONGODB_URI if given, else one mongod for all tests of this process, which ends with it. */
export async function givenMongo(): Promise<GivenMongo> {
  const given = process.env.IMPRUN_TEST_MONGODB_URI
  shared ??= given === undefined ? startShared() : Promise.resolve({ uri: given })
  return connect((await shared).uri)
}

/** One that this test alone uses, and may kill. */
export async function givenOwnMongo(): Promise<GivenOwnMongo> {
  const server = await createMongod()
  try {
    await server.start()
    const mongo = await connect(server.uri)
    return {
      ...mongo,
      kill: server.kill,
      restart: server.start,
      async [Symbol.asyncDispose]() {
        await mongo[Symbol.asyncDispose]()
        await server.remove()
      },
    }
  } catch (error) {
    await server.remove()
    throw error
  }
}

async function connect(uri: string): Promise<GivenMongo> {
  const client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 10_000 })
  const gatewayIds: string[] = []
  return {
    uri,
    client,
    newGatewayId() {
      const gatewayId = `t${randomBytes(5).toString('hex')}`
      gatewayIds.push(gatewayId)
      return gatewayId
    },
    async [Symbol.asyncDispose]() {
      for (const gatewayId of gatewayIds) {
        for (const suffix of ['', '_dev', '_staging', '_prod']) await client.db(`gatewayid_${gatewayId}${suffix}`).dropDatabase()
      }
      await client.close()
    },
  }
}

async function startShared(): Promise<{ uri: string }> {
  const server = await createMongod()
  await server.start()
  return { uri: server.uri }
}

async function createMongod(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-runtime-mongo-'))
  const port = await freePort()
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`
  const args = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'test', '--nounixsocket', '--wiredTigerCacheSizeGB', '0.25']
  const path = findMongod()
  const server: Server = {
    uri,
    process: undefined as unknown as ChildProcess,
    async start() {
      server.process = spawn(path, args, { stdio: 'ignore' })
      endWithThisProcess(server.process.pid as number, folder)
      // It must not be what keeps the tests from ending.
      server.process.unref()
      await initiate(uri)
    },
    async kill() {
      const exited = once(server.process, 'exit')
      server.process.ref()
      server.process.kill('SIGKILL')
      await exited
    },
    async remove() {
      if (server.process?.exitCode === null && server.process.signalCode === null) await server.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return server
}

async function initiate(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 20_000 })
  try {
    const admin = client.db('admin')
    await admin.command({ replSetInitiate: { _id: 'test', members: [{ _id: 0, host: new URL(uri).host }] } }).catch((error: unknown) => {
      // 23: it has been initiated before, this is a restart.
      if (!(error instanceof Error && 'code' in error && error.code === 23)) throw error
    })
    await eventually(async () => {
      const { isWritablePrimary } = await admin.command({ hello: 1 })
      if (isWritablePrimary !== true) throw new Error('The replica set has no primary yet.')
    }, 20_000)
  } finally {
    await client.close()
  }
}

/** A shell whose standard input closes when this process ends, however it does; then it ends mongod and removes its folder. */
function endWithThisProcess(pid: number, folder: string): void {
  const script = 'cat >/dev/null; kill -9 "$0" 2>/dev/null; while kill -0 "$0" 2>/dev/null; do sleep 0.05; done; rm -rf "$1"'
  const watchdog = spawn('sh', ['-c', script, String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  watchdog.unref()
  ;(watchdog.stdin as unknown as { unref(): void }).unref()
}

/** IMPRUN_TEST_MONGOD, else on PATH, else the one that `npm start` or other tests have downloaded. */
function findMongod(): string {
  const cache = process.env.IMPRUN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'imprun')
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'mongod'))
  for (const path of [process.env.IMPRUN_TEST_MONGOD, ...onPath, cachedMongod(join(cache, 'mongod.json'))]) {
    if (path !== undefined && isExecutable(path)) return path
  }
  throw new Error('These tests need mongod: put it on PATH, name it in IMPRUN_TEST_MONGOD, or run npm start once, which downloads it.')
}
function cachedMongod(note: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(note, 'utf8')) as { path: string }).path
  } catch {
    return undefined
  }
}
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
