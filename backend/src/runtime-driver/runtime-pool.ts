import type { LastError } from '@imprun/contracts'
import type { Watcher } from '../database/watcher.ts'
import type { KnownRuntime } from '../instances/runtime-store.ts'
import type { Log } from '../platform/log.ts'
import type { RegionStore, StoredRegion } from '../regions/region-store.ts'
import type { PortRange } from './process/port-choice.ts'
import type { RuntimeDriver, RuntimeDriverState, RuntimeSpec } from './runtime-driver.ts'

/** How the whole of a backend's runtimes is. */
export interface RuntimesStatus {
  /** Of the first that has one. */
  edgeUrl(): string | undefined
  /** `running` as soon as one runs. */
  state(): RuntimeDriverState
  lastError(): LastError | undefined
}

/** The runtimes of this backend: as many of each region as the region says, each with its driver. */
export interface RuntimePool extends RuntimesStatus {
  /** Begins; does not wait until a runtime serves. @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  stop(): Promise<void>
  driverOf(runtimeId: string): RuntimeDriver | undefined
  own(): KnownRuntime[]
  /** Calls the listener each time a runtime begins to serve. @returns a function that ends it. */
  onRunning(listener: (runtimeId: string) => void): () => void
}

/** Of a region that leaves them to the installation. */
export interface RegionDefaults {
  readonly ports: PortRange
  readonly runtimes: number
}

interface Member {
  readonly spec: RuntimeSpec
  readonly driver: RuntimeDriver
}

export function createRuntimePool(deps: {
  regions: Pick<RegionStore, 'list'>
  watcher: Watcher
  /** Distinguishes the runtimes of this installation from those of others on the same database. */
  installation: string
  /** Regions that this backend has runtimes for; undefined: all. */
  regionIds?: readonly string[] | undefined
  defaults: RegionDefaults
  createDriver(spec: RuntimeSpec): RuntimeDriver
  log: Log
}): RuntimePool {
  const { regions, watcher, installation, regionIds, defaults, createDriver, log } = deps
  const members = new Map<string, Member>()
  const listeners = new Set<(runtimeId: string) => void>()
  let working = Promise.resolve()
  let isStopping = false
  let endWatching = () => {}

  const specsOf = ({ _id: regionId, baseDomain, settings }: StoredRegion): RuntimeSpec[] => {
    const ports = settings ? { first: settings.portsFirst, count: settings.portsCount } : defaults.ports
    return Array.from({ length: settings?.runtimes ?? defaults.runtimes }, (_, index) => ({
      runtimeId: `${regionId}-${installation}${index === 0 ? '' : `-${index + 1}`}`,
      regionId,
      index,
      baseDomain,
      ports,
    }))
  }
  const enter = async (spec: RuntimeSpec) => {
    const driver = createDriver(spec)
    driver.onRunning(() => {
      for (const listener of [...listeners]) listener(spec.runtimeId)
    })
    members.set(spec.runtimeId, { spec, driver })
    await driver.start()
  }
  const leave = async ({ spec, driver }: Member) => {
    await driver.stop()
    members.delete(spec.runtimeId)
  }
  /** Has the runtimes that the regions ask for, and no others. */
  const reconcile = async () => {
    const listed = (await regions.list()).filter(({ _id }) => !regionIds || regionIds.includes(_id))
    const wanted = new Map(isStopping ? [] : listed.flatMap(specsOf).map((spec) => [spec.runtimeId, spec]))
    const stale = [...members.values()].filter(({ spec }) => JSON.stringify(wanted.get(spec.runtimeId)) !== JSON.stringify(spec))
    await Promise.all(stale.map(leave))
    for (const spec of wanted.values()) if (!members.has(spec.runtimeId)) await enter(spec)
  }
  const reconcileSoon = () => {
    working = working.then(reconcile).catch((error: unknown) => log.error({ error }, 'The runtimes could not be brought in line with the regions'))
  }
  const drivers = () => [...members.values()].map(({ driver }) => driver)

  return {
    async start() {
      endWatching = watcher.on({ scope: 'sys', collection: 'regions' }, reconcileSoon)
      await reconcile()
    },
    async stop() {
      isStopping = true
      endWatching()
      await working
      await Promise.all([...members.values()].map(leave))
    },
    driverOf: (runtimeId) => members.get(runtimeId)?.driver,
    own: () => [...members.values()].map(toKnown),
    onRunning(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    edgeUrl: () =>
      drivers()
        .find((driver) => driver.edgeUrl() !== undefined)
        ?.edgeUrl() ?? (defaults.ports.first === 0 ? undefined : `http://localhost:${defaults.ports.first}`),
    state() {
      const states = drivers().map((driver) => driver.state())
      return states.includes('running') ? 'running' : (states[0] ?? 'stopped')
    },
    lastError: () =>
      drivers()
        .find((driver) => driver.lastError() !== undefined)
        ?.lastError(),
  }
}

function toKnown({ spec: { runtimeId, regionId, baseDomain }, driver }: Member): KnownRuntime {
  const state = driver.state()
  const lastError = driver.lastError()
  return {
    ...{ runtimeId, regionId, baseDomain },
    state: state === 'stopped' ? 'starting' : state,
    url: driver.edgeUrl(),
    ...(lastError ? { lastError: { code: lastError.code, message: lastError.message } } : {}),
  }
}
