import { join } from 'node:path'
import type { Connection } from '@imprun/contracts'
import { composeNouns, type Nouns } from './compose/nouns.ts'
import type { Ground } from './compose/parts.ts'
import type { Config } from './config.ts'
import { ensureSysIndexes } from './database/indexes.ts'
import { openDatabase } from './database/open-database.ts'
import { createWatcher } from './database/watcher.ts'
import { type DemoOptions, isDemoServed, makeDemo } from './demo/demo.ts'
import { announce } from './home/connection-file.ts'
import { lockHome, type RunningInstance } from './home/instance-lock.ts'
import { type Keys, loadKeys, makeHome } from './home/keys.ts'
import { createApp } from './http/app.ts'
import type { Readiness } from './http/health.ts'
import { createIdempotency, type Idempotency } from './http/idempotency.ts'
import { createIdempotencyStore } from './http/idempotency-store.ts'
import { createReadiness } from './http/readiness.ts'
import { createHttpServer } from './http/server.ts'
import { createNpm } from './packages/npm.ts'
import { createPackageCache } from './packages/package-cache.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import { createSecrets } from './platform/secrets.ts'
import { homeDigest } from './platform/socket-folder.ts'
import { createLocalDriver } from './runtime-driver/local-driver.ts'

export interface Backend {
  connection: Connection
  /** Whether the demo function can be called. */
  hasDemo: boolean
  /** Undoes the start in reverse order and waits for work in flight. */
  stop(): Promise<void>
}

export interface BackendOptions {
  log: Log
  /** One line for people about what is being done. */
  progress(line: string): void
  /** Gives up a start between two of its steps. */
  signal?: AbortSignal
  clock?: Clock
  createDriver?: Ground['createDriver']
  observe?: NonNullable<Ground['observe']>
}

/** Somebody else has the home. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError'
  constructor(home: string, { pid, apiUrl }: RunningInstance) {
    super(`imprun is already running on ${home}${apiUrl ? `: ${apiUrl}` : ' and still starting'}${pid ? ` (pid ${pid})` : ''}.`)
  }
}

/**
 * Brings up everything, from MongoDB to the demo gateway, and says where it is.
 * @throws AlreadyRunningError, or Error with a sentence for people; what was started has been stopped then.
 */
export async function startBackend(config: Config, options: BackendOptions): Promise<Backend> {
  await using starting = new AsyncDisposableStack()
  const up = await bringUp(config, options, starting)
  const running = starting.move()
  return { ...up, stop: () => running.disposeAsync() }
}

async function bringUp(config: Config, options: BackendOptions, undo: AsyncDisposableStack): Promise<Pick<Backend, 'connection' | 'hasDemo'>> {
  const { log, progress, signal, clock = systemClock } = options
  await makeHome(config.home)
  const keys = await loadKeys(config.home, config.secretKey)
  const lock = await lockHome(config.home)
  if (lock.outcome === 'taken') throw new AlreadyRunningError(config.home, lock.by)
  undo.defer(lock.release)
  signal?.throwIfAborted()
  const secrets = createSecrets(keys.secretKey)
  const { database, mongodb } = await openDatabase({ config, keys, secrets, clock, log, progress, signal }, undo)
  signal?.throwIfAborted()
  await ensureSysIndexes(database)
  const watcher = createWatcher({ database, clock, log: log.child({ part: 'watcher' }) })
  await watcher.start()
  undo.defer(() => watcher.stop())
  const createDriver = options.createDriver ?? ((spec, parts) => createLocalDriver(config, spec, parts))
  let apiUrl = ''
  const holder = `backend-${homeDigest(config.home)}`
  const nouns = composeNouns({
    database,
    watcher,
    secrets,
    packageCache: createPackageCache({ folder: join(config.home, 'packages'), npm: createNpm(config.npm) }),
    notify: config.notify,
    quotaSettings: config.quotas,
    deletionDeadlineMs: config.deletionDeadlineMs,
    lockMs: config.lockMs,
    clock,
    log,
    holder,
    apiUrl: () => apiUrl,
    createDriver,
    runtimes: {
      installation: homeDigest(config.home),
      defaults: { ports: { first: config.edge.port, count: config.edge.portsCount }, runtimes: config.runtime.count },
      regionIds: config.runtime.regionIds,
      leaseMs: config.runtime.leaseMs,
    },
    ...(options.observe ? { observe: options.observe } : {}),
  })
  await nouns.ensureContent()
  const user = await letLocalUserIn(nouns, config, keys)
  const readiness = createReadiness({ database, mongodb, watcher, runtimes: nouns.runtimes })
  const keptAnswers = createIdempotencyStore({ database, secrets, clock, lockedBy: holder })
  await keptAnswers.releaseHeldBefore()
  const http = await serve(config, { nouns, idempotency: createIdempotency({ store: keptAnswers, clock }), clock, log, readiness })
  undo.defer(http.close)
  apiUrl = http.url
  progress('Starting the runtime')
  await nouns.start(undo)
  // Once more, because it comes first on the way down: whoever is being answered still needs the engines and the runtime.
  undo.defer(http.close)
  await untilItServes(nouns, clock, progress, signal)
  signal?.throwIfAborted()
  const connection = { apiUrl, edgeUrl: nouns.runtimes.edgeUrl() ?? http.url, token: keys.accessToken, pid: process.pid }
  if (config.hasDemo && !user.hadDemo && nouns.runtimes.state() === 'running') await makeDemoOnce(nouns, user.userId, { connection, clock, progress, signal })
  undo.defer(await announce(config.home, config.stateFolder, connection))
  lock.tell({ pid: process.pid, apiUrl: http.url })
  return { connection, hasDemo: await isDemoServed(connection).catch(() => false) }
}

async function letLocalUserIn({ accounts }: Nouns, config: Config, keys: Keys) {
  const user = await accounts.ensureUser(config.userName)
  await accounts.ensureToken(keys.accessToken, user, 'local')
  return { ...user, hadDemo: await accounts.hadDemo(user.userId) }
}

interface Serving {
  nouns: Nouns
  idempotency: Idempotency
  clock: Clock
  log: Log
  readiness: Readiness
}

async function serve({ api }: Config, { nouns, idempotency, clock, log, readiness }: Serving): Promise<{ url: string; close(): Promise<void> }> {
  const server = createHttpServer({
    ...api,
    createApp: (state) => createApp({ ...nouns, ...state, idempotency, clock, log, readiness, allowedHosts: api.allowedHosts }),
  })
  const port = await server.listen()
  return {
    url: `http://${api.host === '127.0.0.1' ? 'localhost' : api.host}:${port}`,
    async close() {
      nouns.endStreams()
      await server.close()
    },
  }
}

const servesTimeoutMs = 30_000
const lookEveryMs = 20

/** The API works without a runtime, so a start goes on when there is none yet, and says why. */
async function untilItServes({ runtimes }: Nouns, clock: Clock, progress: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = clock.monotonicMs() + servesTimeoutMs
  // One that is to have no runtime of its own has nothing to wait for.
  while (runtimes.state() !== 'running' && runtimes.state() !== 'stopped') {
    const error = runtimes.lastError()
    if (clock.monotonicMs() > deadlineMs || error?.code === 'PORTS_EXHAUSTED') {
      progress(`No runtime serves yet: ${error?.message ?? 'it takes long to start'}`)
      return
    }
    await clock.sleepMs(lookEveryMs, signal)
  }
}

async function makeDemoOnce({ accounts }: Nouns, userId: string, options: DemoOptions): Promise<void> {
  try {
    await makeDemo(options)
    await accounts.noteDemo(userId)
  } catch (error) {
    options.signal?.throwIfAborted()
    options.progress(`The demo gateway is not ready: ${(error as Error).message} It is tried again at the next start.`)
  }
}
