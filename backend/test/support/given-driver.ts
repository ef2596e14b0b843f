import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { environmentLimitsDefault, gatewayCollections } from '@imprun/contracts'
import { createGatewayDatabases } from '../../src/database/gateway-databases.ts'
import { createGatewayUsers } from '../../src/database/gateway-users.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { isAlive } from '../../src/platform/processes.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import type { DriverTimings } from '../../src/runtime-driver/process/driver-timings.ts'
import { createProcessRuntimeDriver } from '../../src/runtime-driver/process/process-runtime-driver.ts'
import type { EnvironmentRef, RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'
import { createSecretSealer } from '../../src/variables/secret-sealer.ts'
import { eventually } from './eventually.ts'
import { givenMongo } from './given-mongo.ts'

const realRuntime = fileURLToPath(new URL('../../../runtime/src/main.ts', import.meta.url))
const driverHost = fileURLToPath(new URL('../fixtures/driver-host.ts', import.meta.url))
const fakeRuntime = fileURLToPath(new URL('../fixtures/fake-runtime.ts', import.meta.url))

export const driverRuntimeId = 'test-runtime'
export const driverSecrets = createSecrets(Buffer.alloc(32, 7))
/** A runtime that a failed test leaves behind goes by itself. */
export const driverVariables = { IMPRUN_RUNTIME_ORPHAN_MS: '20000' }

export interface GivenDriverOptions {
  runtime?: 'real' | 'fake'
  fault?: 'dies-at-start' | 'never-listens' | 'silent-after-sync' | 'ignores-stop'
  ports?: { first: number; count: number }
  timings?: Partial<DriverTimings>
}

/** A process driver with a folder of its own; whatever it started is ended with it. */
export async function givenDriver({ runtime = 'fake', ports = { first: 0, count: 1 }, ...options }: GivenDriverOptions = {}) {
  const mongo = await givenMongo()
  const home = await mkdtemp(join(tmpdir(), 'imprun-driver-'))
  const users = createGatewayUsers({ database: mongo.database, secrets: driverSecrets })
  const databases = createGatewayDatabases(mongo.database)
  const wanted = new Map<string, { ref: EnvironmentRef; fence: number }>()
  const drivers: RuntimeDriver[] = []
  const pids = new Set<number>()

  const note = async () => JSON.parse(await readFile(join(home, 'run', 'runtime.json'), 'utf8')) as { pid: number; port: number; token: string }
  /** A driver as a backend on this home has it; a second one is its next life. */
  const newLife = (more: { ports?: { first: number; count: number } } = {}) => {
    const driver = createProcessRuntimeDriver({
      database: mongo.database,
      users,
      sealer: createSecretSealer(driverSecrets),
      clock: systemClock,
      log: silentLog,
      assignments: async () => [...wanted.values()],
      config: {
        runtimeId: driverRuntimeId,
        entry: runtime === 'real' ? realRuntime : fakeRuntime,
        home,
        ports: more.ports ?? ports,
        baseDomains: ['localhost'],
        variables: { ...driverVariables, ...(options.fault ? { FAKE_RUNTIME_FAULT: options.fault } : {}) },
      },
      timings: {
        healthEveryMs: 100,
        hangsAfterMs: 1_000,
        startTimeoutMs: 10_000,
        killGraceMs: 1_000,
        drainTimeoutMs: 3_000,
        restartMaxMs: 200,
        ...options.timings,
      },
    })
    drivers.push(driver)
    return driver
  }
  /** The same in a process of its own, to be killed. Resolves when its runtime serves. */
  const newProcess = async () => {
    const child = spawn(
      process.execPath,
      [driverHost, JSON.stringify({ uri: mongo.uri, home, entry: runtime === 'real' ? realRuntime : fakeRuntime, ports })],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    pids.add(Number(line))
    return {
      runtimePid: Number(line),
      async kill() {
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      },
    }
  }
  const isRunning = async (driver: RuntimeDriver) => {
    await eventually(() => {
      if (driver.state() !== 'running') throw new Error(`The driver is ${driver.state()}: ${driver.lastError()?.message}`)
    })
    const { pid } = await note()
    pids.add(pid)
    return pid
  }

  return {
    mongo,
    home,
    users,
    wanted,
    newLife,
    newProcess,
    isRunning,
    note,
    leases: () => mongo.database.sys.collection('portLeases').find().toArray(),
    /** Puts down what the environment's machine and the gateway's would, so that a real runtime can serve it. */
    async prepare(ref: EnvironmentRef) {
      await databases.ensure(ref.gatewayId)
      await users.allowFront(ref.gatewayId)
      await users.ensureEnvironmentUser(ref.gatewayId, ref.environment, ref.database)
      const settings = { environment: ref.environment, revision: 1, authType: 'none', limits: environmentLimitsDefault }
      await mongo.database.gateway(ref.gatewayId).collection(gatewayCollections.environments).insertOne(settings)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(drivers.map((driver) => driver.stop()))
      for (const pid of pids) if (isAlive(pid)) await eventually(() => isGone(pid))
      await mongo[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
      await rm(join(tmpdir(), `imprun-${homeDigest(home)}`), { recursive: true, force: true })
    },
  }
}

/** Throws while the process runs. One that has ended and that nobody has waited for counts as gone. */
export async function isGone(pid: number): Promise<void> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => (isAlive(pid) && process.platform !== 'linux' ? 'alive' : ''))
  if (command !== '') throw new Error(`Process ${pid} is still there.`)
}
