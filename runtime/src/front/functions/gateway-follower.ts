import { belledCollections, type EnvironmentName } from '@imprun/contracts'
import type { Log } from '../../platform/log.ts'
import { createWakeLoop, type WakeLoop, type WakeLoopOptions } from '../../platform/wake-loop.ts'
import type { Environment } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { Acknowledger } from './acknowledger.ts'
import type { Bell, BelledCollection, BellHint, BellScope, BellState, Listening } from './bell.ts'
import type { GatewayDocument, GatewayReader } from './gateway-reader.ts'
import { type FunctionHost, ServedEnvironment, type ServedPorts } from './served-environment.ts'

/**
 * Follows one gateway's documents for the environments of it that are assigned here: hears the bell, reads what is newer, applies, acknowledges.
 *
 * Revisions become visible in rising order over all collections of a gateway, but each collection is read by itself, and only the rung one is read at once. So
 * what has been seen is not yet what is complete: `#read` of all follows with a read of all of them that begins after the highest revision was seen, and only up to
 * that revision is acknowledged. It runs while the worker loads, so it costs no time.
 */
export interface GatewayFollower {
  /** Settles when the environment's tables are loaded and acknowledged; tried again for as long as MongoDB is away. @throws when removed meanwhile */
  add(environment: Environment): Promise<void>
  remove(environment: Environment): Promise<void>
  hasRefused(environment: EnvironmentName, functionName: string): boolean
  /** What is told of the environment beside its revision has changed. */
  tellAgain(environment: Environment): void
  readonly isEmpty: boolean
  /** Since when changes may have passed unseen (ms of `performance.now()`): the bell is deaf, or the documents cannot be read. Undefined: it is current. */
  staleSinceMs(): number | undefined
  stop(): Promise<void>
}

const tickMs = { live: 15_000, liveSpread: 15_000, deaf: 1_000, deafSpread: 1_000 } as const
// Node keeps a list for each duration that is waited for: thousands of gateways whose ticks are spread share those of some hundred durations.
const tickStepMs = 100

interface Joining {
  served: ServedEnvironment
  /** Under way: settles when nothing more is written for it. */
  attempt: Promise<void> | undefined
  resolve: () => void
  reject: (error: Error) => void
}

/** What all followers of a runtime share. */
export interface FollowerPorts {
  reader: GatewayReader
  acknowledger: Acknowledger
  bell: Bell
  host: FunctionHost
  log: Log
  observe: Observe
}

/** @returns what begins to follow a gateway */
export function createFollowers(ports: FollowerPorts): (gateway: BellScope) => GatewayFollower {
  const servedPorts: ServedPorts = { host: ports.host, observe: ports.observe, onProgress: ports.acknowledger.acknowledge }
  return (gateway) => new DocumentFollower(gateway, ports, servedPorts)
}

/** A class, because there is one for each of thousands of gateways: its methods are then there once. */
class DocumentFollower implements GatewayFollower, WakeLoopOptions {
  readonly #gateway: BellScope
  readonly #ports: FollowerPorts
  readonly #servedPorts: ServedPorts
  readonly #listening: Listening
  readonly #loop: WakeLoop
  #followed: ServedEnvironment[] = []
  #joining: Joining[] = []
  #dirty: readonly BelledCollection[] = []
  /** The highest revision read from each collection; undefined until the first environment has been loaded. */
  #cursors: Record<BelledCollection, number> | undefined
  #confirmedRevision = -1
  /** The gateway's own counter at the last look; what it has counted is known. */
  #countedRevision = -1
  #isLookDue = false
  #isFailing = false
  #freshAtMs = performance.now()
  /** Environments of which something was read that has not been acknowledged. The others' new revision may wait for the heartbeat. */
  #waitingToTell: readonly ServedEnvironment[] = []

  constructor(gateway: BellScope, ports: FollowerPorts, servedPorts: ServedPorts) {
    this.#gateway = gateway
    this.#ports = ports
    this.#servedPorts = servedPorts
    this.#listening = ports.bell.listen(gateway, (hint) => this.#onRung(hint))
    this.#loop = createWakeLoop(this)
    this.#listening.onState((state) => this.#onBellState(state))
  }

  add(environment: Environment): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#joining.push({ served: new ServedEnvironment(environment, this.#servedPorts), attempt: undefined, resolve, reject })
      this.#loop.wake()
    })
  }
  async remove(environment: Environment): Promise<void> {
    const leaving = this.#joining.filter(({ served }) => served.environment === environment)
    this.#joining = this.#joining.filter((wish) => !leaving.includes(wish))
    for (const wish of leaving) {
      wish.reject(new Error(`The environment ${environment.key} was taken away while it was loaded.`))
      await wish.attempt?.catch(() => {})
    }
    const served = this.#find(environment.name)
    if (served?.environment !== environment) return
    this.#followed = this.#followed.filter((other) => other !== served)
    this.#waitingToTell = this.#waitingToTell.filter((other) => other !== served)
    await this.#ports.acknowledger.withdraw(served)
  }
  tellAgain({ name }: Environment): void {
    const served = this.#find(name)
    if (served !== undefined) this.#ports.acknowledger.tellAgain(served)
  }
  hasRefused(environment: EnvironmentName, functionName: string): boolean {
    return this.#find(environment)?.hasRefused(functionName) ?? false
  }
  get isEmpty(): boolean {
    return this.#followed.length + this.#joining.length === 0
  }
  staleSinceMs(): number | undefined {
    return this.#isFailing || (this.#listening.state() === 'deaf' && this.#cursors !== undefined) ? this.#freshAtMs : undefined
  }
  async stop(): Promise<void> {
    await this.#listening.close()
    for (const wish of this.#joining.splice(0)) wish.reject(new Error('The runtime stops.'))
    await this.#loop.stop()
    await this.#ports.acknowledger.forget(this.#followed)
  }

  async run(signal: AbortSignal): Promise<void> {
    while (this.#joining.length > 0 && !signal.aborted) {
      const [wish] = this.#joining
      if (wish === undefined) break
      wish.attempt = this.#join(wish)
      await wish.attempt
      this.#joining = this.#joining.filter((other) => other !== wish)
    }
    while ((this.#dirty.length > 0 || this.#confirmedRevision < this.#seenRevision()) && !signal.aborted) {
      const collections = this.#dirty.length > 0 ? this.#dirty : belledCollections
      this.#dirty = []
      try {
        await this.#read(collections)
      } catch (error) {
        this.#dirty = belledCollections
        throw error
      }
    }
    if (this.#isLookDue && this.#cursors !== undefined) {
      this.#isLookDue = false
      await this.#look().catch((error: unknown) => {
        this.#isLookDue = true
        throw error
      })
    }
    this.#isFailing = false
    this.#freshAtMs = performance.now()
    this.#tell()
  }
  tickMs(): number {
    const [ms, spreadMs] = this.#listening.state() === 'live' ? [tickMs.live, tickMs.liveSpread] : [tickMs.deaf, tickMs.deafSpread]
    return ms + Math.floor((Math.random() * spreadMs) / tickStepMs) * tickStepMs
  }
  retryDelayMs(failuresInARow: number): number {
    return Math.min(2_000, 50 * 2 ** failuresInARow) * (0.75 + Math.random() / 2)
  }
  onTick(): void {
    this.#isLookDue = true
  }
  onError(error: unknown): void {
    this.#isFailing = true
    this.#ports.log.warn({ gatewayId: this.#gateway.gatewayId, error }, "The gateway's documents could not be read; what is known goes on serving.")
  }

  #onRung(hint: BellHint | undefined): void {
    if (hint === undefined) this.#dirty = belledCollections
    else if (!this.#dirty.includes(hint.collection)) this.#dirty = [...this.#dirty, hint.collection]
    this.#loop.wake()
  }
  #onBellState(state: BellState): void {
    this.#ports.observe({ type: 'bell', gatewayId: this.#gateway.gatewayId, state })
    if (state === 'deaf') this.#freshAtMs = performance.now()
    // Whatever rang while nobody listened is found by a look; and the new state has another tick.
    this.#isLookDue = true
    this.#loop.wake()
  }

  #find(environment: EnvironmentName): ServedEnvironment | undefined {
    return this.#followed.find((served) => served.environment.name === environment)
  }
  #seenRevision(): number {
    return this.#cursors === undefined ? -1 : Math.max(...Object.values(this.#cursors))
  }
  async #join(wish: Joining): Promise<void> {
    const { reader, acknowledger, log } = this.#ports
    const { gatewayDatabase } = this.#gateway
    const { served } = wish
    // First the counter, then the documents: all that the counter has counted can be read by then.
    const revision = await reader.readRevision(gatewayDatabase)
    const documents = await reader.readAll(gatewayDatabase, served.environment.name)
    if (this.#cursors === undefined) {
      this.#cursors = Object.fromEntries(belledCollections.map((name) => [name, revision])) as Record<BelledCollection, number>
      // Only for the first: what this revision changed in environments that are followed already may not have been read.
      this.#confirmedRevision = revision
      this.#countedRevision = revision
    }
    for (const document of documents) served.apply(document)
    if (served.environment.settingsRevision < 0) log.warn({ environment: served.environment.key }, 'The environment has no settings yet; nobody is let in.')
    served.confirm(revision)
    await acknowledger.acknowledgeNow(served)
    if (!this.#joining.includes(wish)) {
      await acknowledger.withdraw(served)
      return
    }
    this.#followed = [...this.#followed, served]
    wish.resolve()
  }

  async #read(collections: readonly BelledCollection[]): Promise<void> {
    const known = this.#cursors
    if (known === undefined) return
    const before = this.#seenRevision()
    const names = this.#followed.map(({ environment }) => environment.name)
    const { reader } = this.#ports
    const readOne = async (collection: BelledCollection) => ({
      collection,
      documents: await reader.readSince(this.#gateway.gatewayDatabase, collection, names, known[collection]),
    })
    const found = await Promise.all(collections.map(readOne))
    for (const { collection, documents } of found) known[collection] = Math.max(known[collection], documents.at(-1)?.revision ?? -1)
    this.#apply(found.flatMap(({ documents }) => documents).sort((a, b) => a.revision - b.revision))
    if (collections.length === belledCollections.length) this.#confirmedRevision = Math.max(this.#confirmedRevision, before)
  }
  #apply(documents: readonly GatewayDocument[]): void {
    const waiting = new Set(this.#waitingToTell)
    for (const document of documents) {
      const served = this.#find(document.environment)
      if (served === undefined) continue
      served.apply(document)
      waiting.add(served)
    }
    this.#waitingToTell = [...waiting]
  }
  /** One small read tells whether the bell kept something back; thousands of gateways look like this all the time. */
  async #look(): Promise<void> {
    const { reader, acknowledger } = this.#ports
    const revision = await reader.readRevision(this.#gateway.gatewayDatabase)
    if (revision > this.#countedRevision) {
      await this.#read(belledCollections)
      this.#countedRevision = revision
      this.#confirmedRevision = Math.max(this.#confirmedRevision, revision)
    }
    await acknowledger.verify(this.#gateway.gatewayDatabase, this.#followed)
  }
  #tell(): void {
    for (const served of this.#followed) served.confirm(this.#confirmedRevision)
    for (const served of this.#waitingToTell) this.#ports.acknowledger.acknowledge(served)
    this.#waitingToTell = []
  }
}
