import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { findFreePort, isPortFree } from '../../platform/ports.ts'
import { endProcess, isAlive } from '../../platform/processes.ts'
import { explainDeath, explainFailure } from './explain-failure.ts'
import { type MongodProcess, type MongodSettings, spawnMongod } from './mongod-process.ts'
import { type Credentials, prepareReplicaSet, rootUser, withDirectClient } from './replica-set.ts'
import { findRunning, type MongodNote, readNote, writeNote } from './running-mongod.ts'

/**
 * The MongoDB of one IMPRUN_HOME: a single-node replica set on loopback, behind a password, as a process of its own.
 * starting: not ready for the first time. running: answers. restarting: it died and is being started again; whoever asks has to wait.
 */
export interface EmbeddedMongodb {
  /** Resolves when it is primary. @throws Error with a sentence for people that says what to do. */
  start(): Promise<void>
  /** Ends mongod cleanly, also one that an earlier backend had started. Safe to call at any time. */
  stop(): Promise<void>
  state(): 'starting' | 'running' | 'restarting' | 'stopped'
  /** With the password of the root user: never log it. */
  uri(): string
  pid(): number | undefined
}

export interface EmbeddedMongodbOptions {
  home: string
  keyFile: string
  /** Of the root user. */
  password: string
  /** Asked only when no mongod of an earlier start is still running. */
  mongodPath(): Promise<string>
  clock: Clock
  log: Log
  progress(line: string): void
  extraArgs?: readonly string[]
}

/** Replaying the journal after a kill takes seconds; a disk that needs longer than this needs a person. */
const readyTimeoutMs = 120_000
/** mongod writes its cache to disk before it ends. Killed after that: its journal keeps everything. */
const stopGraceMs = 30_000
const restartMinMs = 200
const restartMaxMs = 10_000
const lookEveryMs = 250
const askEveryMs = 50

export function createEmbeddedMongodb(options: EmbeddedMongodbOptions): EmbeddedMongodb {
  const { home, clock, log, progress } = options
  const noteFile = join(home, 'run', 'mongod.json')
  const credentials: Credentials = { user: rootUser, password: options.password }
  const stopping = new AbortController()
  let state: ReturnType<EmbeddedMongodb['state']> = 'starting'
  let note: MongodNote | undefined
  let starting: Promise<void> | undefined
  let watching: Promise<void> | undefined
  let settings: MongodSettings | undefined

  const settle = async (): Promise<MongodSettings> => {
    settings ??= {
      mongodPath: await options.mongodPath(),
      dataFolder: join(home, 'data'),
      keyFile: options.keyFile,
      logFile: join(home, 'logs', 'mongod.log'),
      ...(options.extraArgs ? { extraArgs: options.extraArgs } : {}),
    }
    return settings
  }

  /** Starts mongod and brings it to primary, or throws having left no process behind. */
  const launch = async (port: number): Promise<void> => {
    const how = await settle()
    const mongod = await spawnMongod(how, port).catch((error: Error) => {
      throw new Error(`MongoDB cannot start: ${how.mongodPath}: ${error.message}`)
    })
    try {
      note = { pid: mongod.pid, port }
      await writeNote(noteFile, note)
      await untilItAnswers(mongod, port, how)
      await prepareReplicaSet(port, credentials, AbortSignal.any([stopping.signal, AbortSignal.timeout(readyTimeoutMs)]))
    } catch (error) {
      if (!mongod.ended()) await endProcess(mongod.pid, stopGraceMs)
      throw error
    }
  }

  const untilItAnswers = async (mongod: MongodProcess, port: number, how: MongodSettings) => {
    const deadlineMs = clock.monotonicMs() + readyTimeoutMs
    while (!(await answers(port))) {
      stopping.signal.throwIfAborted()
      if (mongod.ended() || clock.monotonicMs() > deadlineMs) throw new Error(await explainFailure(how, mongod.ended()))
      await clock.sleepMs(askEveryMs, stopping.signal)
    }
  }

  /** Starts it again for as long as it takes, on the same port: the runtimes know that address too. */
  const watch = async () => {
    let waitMs = restartMinMs
    while (!stopping.signal.aborted) {
      await clock.sleepMs(state === 'running' ? lookEveryMs : waitMs, stopping.signal).catch(() => {})
      if (stopping.signal.aborted || !note) return
      if (state === 'running' && isAlive(note.pid)) continue
      if (state === 'running') log.error({ pid: note.pid, why: await explainDeath(await settle()) }, 'MongoDB has died and is started again')
      waitMs = state === 'running' ? restartMinMs : Math.min(waitMs * 2, restartMaxMs)
      state = 'restarting'
      try {
        await launch(note.port)
        state = 'running'
        log.info({ pid: note.pid }, 'MongoDB answers again')
      } catch (error) {
        if (!stopping.signal.aborted) log.error({ error }, 'MongoDB could not be started again')
      }
    }
  }

  const takeUp = async () => {
    await mkdir(dirname(noteFile), { recursive: true, mode: 0o700 })
    const earlier = await readNote(noteFile)
    note = await findRunning(earlier, join(home, 'data'), credentials)
    if (note) {
      progress(`MongoDB is still running (pid ${note.pid})`)
      await prepareReplicaSet(note.port, credentials, stopping.signal)
    } else {
      await launch(earlier && (await isPortFree(earlier.port)) ? earlier.port : await findFreePort())
    }
    state = 'running'
    watching = watch()
  }

  return {
    start() {
      starting ??= takeUp()
      return starting
    },
    async stop() {
      stopping.abort(new Error('MongoDB is being stopped.'))
      await starting?.catch(() => {})
      await watching
      if (note && state !== 'stopped' && isAlive(note.pid)) await endProcess(note.pid, stopGraceMs)
      state = 'stopped'
    },
    state: () => state,
    uri() {
      if (!note) throw new Error('MongoDB has not been started yet.')
      return `mongodb://${credentials.user}:${credentials.password}@127.0.0.1:${note.port}/?replicaSet=imprun&authSource=admin`
    },
    pid: () => note?.pid,
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await withDirectClient(port, undefined, 500, (client) => client.db('admin').command({ hello: 1 }))
    return true
  } catch {
    return false
  }
}
