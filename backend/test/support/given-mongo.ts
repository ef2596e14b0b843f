import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectedDatabase, connectDatabase } from '../../src/database/database.ts'
import { createEmbeddedMongodb } from '../../src/database/embedded/embedded-mongodb.ts'
import { findMongod } from '../../src/database/embedded/find-mongod.ts'
import { ensureSysIndexes } from '../../src/database/indexes.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'

export interface GivenMongo extends AsyncDisposable {
  /** With the password of the root user. */
  uri: string
  /** Connected as root; all indexes of sys_db exist. */
  database: ConnectedDatabase
}

interface SharedMongod {
  uri: string
  pid: number
}

let shared: Promise<SharedMongod> | undefined
let usersCount = 0

/**
 * A real MongoDB with nothing in it: one mongod (replica set, authentication on) per test process, emptied for each use. Uses that overlap share the
 * content. The mongod ends with the test process, however that ends.
 */
export async function givenMongo(): Promise<GivenMongo> {
  shared ??= startShared()
  const { uri } = await shared
  const database = await connectDatabase(uri)
  if (usersCount++ === 0) await empty(database)
  await ensureSysIndexes(database)
  return {
    uri,
    database,
    async [Symbol.asyncDispose]() {
      usersCount--
      await database.close()
    },
  }
}

/** Where tests look for mongod, as `npm start` does. */
export const findTestMongod = () =>
  findMongod({
    searchPath: process.env.PATH ?? '',
    cacheFolder: process.env.IMPRUN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'imprun'),
    progress: () => {},
  })

async function startShared(): Promise<SharedMongod> {
  const home = await mkdtemp(join(tmpdir(), 'imprun-mongo-'))
  const keyFile = join(home, 'mongo.keyfile')
  await writeFile(keyFile, randomBytes(96).toString('base64'), { mode: 0o600 })
  const mongodb = createEmbeddedMongodb({
    home,
    keyFile,
    password: randomBytes(16).toString('hex'),
    mongodPath: async () => (await findTestMongod()).path,
    clock: clockThatHoldsNobody,
    log: logOfDeaths,
    progress: () => {},
    // Fail points let a test make the real server fail. What was dropped keeps its files open until the next checkpoint, and tests drop a lot.
    extraArgs: ['--syncdelay', '10', '--setParameter', 'enableTestCommands=1', '--setParameter', 'ttlMonitorSleepSecs=3600'],
  })
  // Until it is up, something has to keep the process.
  const hold = setInterval(() => {}, 1_000)
  try {
    await mongodb.start()
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  } finally {
    clearInterval(hold)
  }
  const pid = mongodb.pid() as number
  endWithThisProcess(pid, home)
  return { uri: mongodb.uri(), pid }
}

/** Tests fail in many places when the server dies under them: why it did must be read beside them. */
const logOfDeaths: Log = { ...silentLog, error: (fields, message) => console.error(message, fields) }

/** Watching mongod goes on as long as the test process does, and must not be what keeps it alive. */
const clockThatHoldsNobody: Clock = { ...systemClock, sleepMs: (ms, signal) => sleep(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }) }

/** A shell that waits for the end of this process (its standard input closes then, also after kill -9), ends mongod and removes its folder. */
function endWithThisProcess(pid: number, home: string): void {
  const watchdog = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$0"; while kill -0 "$0" 2>/dev/null; do sleep 0.05; done; rm -rf "$1"', String(pid), home], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  // The pipe alone would keep this process alive.
  ;(watchdog.stdin as unknown as { unref(): void }).unref()
}

const kept = new Set(['admin', 'config', 'local'])
const rootUser = 'imprun'

async function empty({ client }: ConnectedDatabase): Promise<void> {
  const admin = client.db('admin')
  const { databases } = await admin.admin().listDatabases({ nameOnly: true })
  await Promise.all(databases.filter(({ name }) => !kept.has(name)).map(({ name }) => client.db(name).dropDatabase()))
  const { users } = await admin.command({ usersInfo: 1 })
  for (const { user } of users as { user: string }[]) if (user !== rootUser) await admin.command({ dropUser: user })
  const { roles } = await admin.command({ rolesInfo: 1 })
  for (const { role } of roles as { role: string }[]) await admin.command({ dropRole: role })
}
