import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connectionSchema } from '@imprun/contracts'
import { type BackendOptions, startBackend } from '../../src/backend.ts'
import { parseConfig } from '../../src/config.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import { type Api, createApi } from './api.ts'
import { type BackendProcess, prepareBackendLives, startBackendProcess } from './backend-process.ts'
import { endLeftBehind } from './end-left-behind.ts'
import { givenMongo } from './given-mongo.ts'

export interface GivenBackendOptions extends Partial<Pick<BackendOptions, 'createDriver' | 'observe' | 'clock'>> {
  /** As a process of its own, as `npm start` runs it; it can be killed and started again then. */
  asProcess?: boolean
  /** With `asProcess`: it is killed and started so often that its lives are prepared. */
  isMortal?: boolean
  /** `shared`: the one of this test process, emptied. `embedded`: the backend brings its own. */
  mongodb?: 'shared' | 'embedded'
  hasDemo?: boolean
  /** Settings by the names of their environment variables. */
  env?: Record<string, string>
  log?: Log
}

export interface GivenBackend extends AsyncDisposable {
  home: string
  stateFolder: string
  /** Of the life that runs now. */
  connection: Connection
  /** Signed in as the local user. */
  api: Api
  /** Ctrl-C. Only with `asProcess`: the exit code and everything that was printed. */
  stop(): Promise<{ exitCode: number | undefined; output: string }>
  /** kill -9. Only with `asProcess`. */
  kill(): Promise<void>
  /** The next life on the same home. */
  start(): Promise<void>
}

/**
 * The whole backend with its runtime, on a home of its own and free ports. Everything it started is ended and removed with it, also after a kill.
 */
export async function givenBackend(options: GivenBackendOptions = {}): Promise<GivenBackend> {
  const mongo = options.mongodb === 'embedded' ? undefined : await givenMongo()
  const folder = await mkdtemp(join(tmpdir(), 'imprun-test-'))
  const home = join(folder, 'home')
  const stateFolder = join(folder, 'state')
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: homedir(),
    TMPDIR: tmpdir(),
    ...(process.env.IMPRUN_CACHE ? { IMPRUN_CACHE: process.env.IMPRUN_CACHE } : {}),
    IMPRUN_HOME: home,
    IMPRUN_STATE: stateFolder,
    IMPRUN_API_PORT: '0',
    IMPRUN_EDGE_PORT: '0',
    IMPRUN_DEMO: options.hasDemo ? 'on' : 'off',
    ...(mongo ? { MONGODB_URI: mongo.uri } : {}),
    ...options.env,
  }
  const lives = options.asProcess && options.isMortal ? prepareBackendLives(env) : undefined
  const startProcess = lives?.start ?? (() => startBackendProcess(env))
  const start = options.asProcess ? async () => toLife(await startProcess(), home) : () => startHere(env, options)
  let life: Life | undefined

  const given: GivenBackend = {
    home,
    stateFolder,
    get connection() {
      if (!life) throw new Error('The backend does not run.')
      return life.connection
    },
    get api() {
      return createApi(given.connection.apiUrl, given.connection.token)
    },
    async start() {
      life = await start()
    },
    async stop() {
      const ended = (await life?.stop()) ?? { exitCode: undefined, output: '' }
      life = undefined
      return ended
    },
    async kill() {
      await life?.kill()
      life = undefined
    },
    async [Symbol.asyncDispose]() {
      await given.stop()
      await lives?.[Symbol.asyncDispose]()
      await endLeftBehind(home)
      await rm(folder, { recursive: true, force: true })
      await rm(join(tmpdir(), `imprun-${homeDigest(home)}`), { recursive: true, force: true })
      await mongo?.[Symbol.asyncDispose]()
    },
  }
  try {
    await given.start()
  } catch (error) {
    await given[Symbol.asyncDispose]()
    throw error
  }
  return given
}

interface Life {
  connection: Connection
  stop(): Promise<{ exitCode: number | undefined; output: string }>
  kill(): Promise<void>
}

async function startHere(env: Record<string, string>, { log = silentLog, createDriver, observe, clock }: GivenBackendOptions): Promise<Life> {
  const config = parseConfig(env, { homeFolder: homedir(), currentFolder: process.cwd(), userName: 'ada' })
  const replaced = { ...(createDriver ? { createDriver } : {}), ...(observe ? { observe } : {}), ...(clock ? { clock } : {}) }
  const backend = await startBackend(config, { log, progress: () => {}, ...replaced })
  return {
    connection: backend.connection,
    async stop() {
      await backend.stop()
      return { exitCode: undefined, output: '' }
    },
    kill: () => Promise.reject(new Error('Only a backend that runs as a process can be killed.')),
  }
}

async function toLife(child: BackendProcess, home: string): Promise<Life> {
  return {
    connection: connectionSchema.parse(JSON.parse(await readFile(join(home, 'connection.json'), 'utf8'))),
    stop: () => child.end('SIGINT'),
    kill: async () => void (await child.end('SIGKILL')),
  }
}
