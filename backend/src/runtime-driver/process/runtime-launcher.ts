import { createHash, randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BellAddress } from '@imprun/contracts'
import type { GatewayUsers } from '../../database/gateway-users.ts'
import type { BoundedLogFile } from '../../platform/bounded-log-file.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { ensureSocketFolder } from '../../platform/socket-folder.ts'
import { type ControlClient, ControlLostError, connectControl } from './control-client.ts'
import { runtimeEnded, runtimeNotUp } from './driver-errors.ts'
import { leasePort, type PortRange } from './port-choice.ts'
import type { PortLeases } from './port-leases.ts'
import type { RunFile, RuntimeNote } from './run-file.ts'
import { isRuntimeAlive, launchRuntime } from './runtime-process.ts'

/** A runtime that runs and has accepted our token. */
export interface RuntimeSession {
  readonly client: ControlClient
  readonly note: RuntimeNote & { pid: number }
  /** How the process ended; only for one that this process has started. */
  readonly ended: Promise<string> | undefined
}

export interface RuntimeLauncherConfig {
  readonly runtimeId: string
  /** Path of the runtime's main module. */
  readonly entry: string
  readonly home: string
  readonly ports: PortRange
  /** Settings of the runtime as its environment variables, without those that the launcher knows itself. */
  readonly variables: Readonly<Record<string, string>>
}

export interface LaunchTimings {
  readonly startTimeoutMs: number
  readonly helloTimeoutMs: number
  /** How long requests in flight may take once the runtime was asked to leave. */
  readonly drainTimeoutMs: number
  readonly killGraceMs: number
}

export interface RuntimeLauncher {
  /**
   * The runtime that an earlier life of this backend started, if it still answers and was started with today's settings. One that does not answer, or
   * was started with others, is ended: after `undefined` no runtime of ours runs.
   */
  adopt(signal: AbortSignal): Promise<RuntimeSession | undefined>
  /** @throws ImprunError PORTS_EXHAUSTED, RUNTIME_UNREACHABLE */
  launch(signal: AbortSignal): Promise<RuntimeSession>
  /** Asks it to finish and leave, and makes it leave when it does not. */
  stop(session: RuntimeSession): Promise<void>
  /** Ends at once what does not answer. */
  kill(session: RuntimeSession): Promise<void>
  /** The last known port; stays known while the runtime restarts. */
  port(): number | undefined
  /** Says that the port is still in use. */
  renewLease(): Promise<void>
  /** Gives all ports and the MongoDB user back and forgets the runtime. */
  forget(): Promise<void>
}

const connectEveryMs = 15
const goneEveryMs = 20

export function createRuntimeLauncher(deps: {
  config: RuntimeLauncherConfig
  /** Where the runtime hears of changes; undefined: by change streams of its own. */
  bell(): BellAddress | undefined
  users: Pick<GatewayUsers, 'ensureFrontUser' | 'dropFrontUser'>
  leases: PortLeases
  runFile: RunFile
  logFile: BoundedLogFile
  clock: Clock
  log: Log
  timings: LaunchTimings
}): RuntimeLauncher {
  const { config, bell: bellAddress, users, leases, runFile, logFile, clock, log, timings } = deps
  const holder = config.runtimeId
  let port: number | undefined

  const fingerprintOf = (uri: string) =>
    createHash('sha256')
      .update(JSON.stringify([process.version, config.entry, config.runtimeId, config.ports, config.variables, uri]))
      .digest('hex')

  const greet = async (note: Pick<RuntimeNote, 'controlPath' | 'token'>) => {
    const client = await connectControl(note.controlPath, log)
    const bell = bellAddress()
    try {
      const { pid, runtimeId } = await client.request({ type: 'hello', token: note.token, ...(bell ? { bell } : {}) }, { timeoutMs: timings.helloTimeoutMs })
      if (runtimeId !== config.runtimeId) throw new Error(`The runtime that answers is ${runtimeId} instead of ${config.runtimeId}.`)
      return { client, pid }
    } catch (error) {
      client.close()
      throw error
    }
  }

  /** Knocks until somebody answers, the time is over or `isOver` says why nobody will. */
  const greetWithin = async (note: RuntimeNote, timeoutMs: number, signal: AbortSignal, isOver: () => string | undefined) => {
    const deadlineMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      try {
        return await greet(note)
      } catch (error) {
        if (!(error instanceof ControlLostError)) throw error
        const end = isOver()
        if (end !== undefined) throw runtimeEnded(end, logFile.path)
        if (clock.monotonicMs() > deadlineMs) throw runtimeNotUp(timeoutMs, logFile.path)
        await clock.sleepMs(connectEveryMs, signal)
      }
    }
  }

  const isGoneWithin = async ({ pid, launchId }: { pid: number; launchId: string }, timeoutMs: number) => {
    const deadlineMs = clock.monotonicMs() + timeoutMs
    while (await isRuntimeAlive(pid, launchId)) {
      if (clock.monotonicMs() > deadlineMs) return false
      await clock.sleepMs(goneEveryMs)
    }
    return true
  }
  const signalTo = async ({ pid, launchId }: { pid: number; launchId: string }, name: NodeJS.Signals) => {
    if (await isRuntimeAlive(pid, launchId)) process.kill(pid, name)
  }
  const end = async (note: RuntimeNote) => {
    const { pid, launchId, controlPath } = note
    if (pid !== undefined) {
      await signalTo({ pid, launchId }, 'SIGTERM')
      if (!(await isGoneWithin({ pid, launchId }, timings.killGraceMs))) await signalTo({ pid, launchId }, 'SIGKILL')
      await isGoneWithin({ pid, launchId }, timings.killGraceMs)
    }
    await rm(controlPath, { force: true })
  }

  const stop = async ({ client, note }: RuntimeSession) => {
    try {
      await client.request({ type: 'stop' }, { timeoutMs: timings.drainTimeoutMs })
      await isGoneWithin(note, timings.killGraceMs)
    } catch (error) {
      log.warn({ error }, 'The runtime did not leave when asked, and is made to')
    } finally {
      client.close()
      await end(note)
    }
  }

  return {
    stop,
    port: () => port,

    async adopt(signal) {
      const note = await runFile.read()
      if (!note) return undefined
      port = note.port
      const { uri } = await users.ensureFrontUser(config.runtimeId)
      // Without a process id it may have been starting when the backend died: it gets the time to come up.
      const timeoutMs = note.pid === undefined ? timings.helloTimeoutMs : 0
      const greeted = await greetWithin(note, timeoutMs, signal, () => undefined).catch(() => undefined)
      signal.throwIfAborted()
      const session = greeted && { client: greeted.client, note: { ...note, pid: greeted.pid }, ended: undefined }
      if (session && note.fingerprint === fingerprintOf(uri)) {
        await leases.take(note.port, holder)
        await runFile.write(session.note)
        return session
      }
      if (session) await stop(session)
      else await end(note)
      return undefined
    },

    async launch(signal) {
      const { uri } = await users.ensureFrontUser(config.runtimeId)
      const lease = await leasePort(leases, holder, config.ports, port)
      port = lease.port
      const launchId = randomBytes(6).toString('hex')
      const note: RuntimeNote = {
        launchId,
        port: lease.port,
        token: randomBytes(32).toString('hex'),
        controlPath: join(await ensureSocketFolder(config.home), `runtime-${launchId}.sock`),
        fingerprint: fingerprintOf(uri),
      }
      // Noted before it runs: killed in between, the next life finds it by its socket.
      await runFile.write(note)
      const { pid, ended } = await launchRuntime({ entry: config.entry, launchId, logFile, variables: variablesFor(config, note, uri) })
      await runFile.write({ ...note, pid })
      let how: string | undefined
      void ended.then((told) => {
        how = told
      })
      try {
        const { client } = await greetWithin(note, timings.startTimeoutMs, signal, () => how)
        return { client, note: { ...note, pid }, ended }
      } catch (error) {
        await end({ ...note, pid })
        throw error
      }
    },

    async kill({ client, note }) {
      await signalTo(note, 'SIGKILL')
      client.close()
      await isGoneWithin(note, timings.killGraceMs)
    },

    async renewLease() {
      if (port !== undefined && !(await leases.take(port, holder))) log.warn({ port }, 'The lease of the edge port has gone to somebody else')
    },

    async forget() {
      await runFile.remove()
      await leases.releaseOthers(holder, undefined)
      await users.dropFrontUser(config.runtimeId)
    },
  }
}

const variablesFor = (config: RuntimeLauncherConfig, { port, token, controlPath }: RuntimeNote, uri: string): Record<string, string> => ({
  ...config.variables,
  IMPRUN_RUNTIME_ID: config.runtimeId,
  IMPRUN_RUNTIME_TOKEN: token,
  IMPRUN_RUNTIME_HOST: '127.0.0.1',
  IMPRUN_RUNTIME_PORT: String(port),
  IMPRUN_RUNTIME_CONTROL: controlPath,
  IMPRUN_RUNTIME_MONGODB_URI: uri,
})
