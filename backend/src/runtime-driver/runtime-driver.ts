import type { Bundle, EnvironmentName, LastError } from '@imprun/contracts'
import type { DatabaseLayout } from '../database/gateway-databases.ts'

export interface EnvironmentRef {
  readonly gatewayId: string
  readonly environment: EnvironmentName
  readonly database: DatabaseLayout
  /** What it may use; absent: whatever its runtime gives. */
  readonly bundle?: Bundle
}

/** One runtime that a backend has: who it is, and where it is to be reached. */
export interface RuntimeSpec {
  /** Names the runtime, and its MongoDB user, across restarts; no two that live at once share one. */
  readonly runtimeId: string
  readonly regionId: string
  /** Which of the region's runtimes on this backend, from 0. */
  readonly index: number
  /** Hosts of environments end in it. */
  readonly baseDomain: string
  readonly ports: { readonly first: number; readonly count: number }
}

export type RuntimeDriverState =
  /** Not asked to run, or told to stop. */
  | 'stopped'
  /** The runtime is being started or taken over; nothing is assigned yet. */
  | 'starting'
  /** Serves what is assigned. */
  | 'running'
  /** It died or hung and is brought back. */
  | 'restarting'

/** Sees to it that environments are served by one runtime: a process of this machine, or whatever else takes their requests at one address. Every call is safe to repeat. */
export interface RuntimeDriver {
  /** Begins; does not wait until a runtime serves. */
  start(): Promise<void>
  /** Ends the runtime in an orderly way: what runs is finished. */
  stop(): Promise<void>
  /**
   * Has the environment served, and its MongoDB user, as whom its functions reach its data. `isReady: false` means not yet: ask again after `onRunning`.
   * @throws ImprunError PORTS_EXHAUSTED or RUNTIME_UNREACHABLE when it cannot be served for now; RUNTIME_NOT_ACKNOWLEDGED when the runtime refuses.
   */
  ensureAssigned(ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<{ isReady: boolean }>
  /** Once it returns, no runtime serves the environment or writes to its databases. */
  ensureUnassigned(ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<void>
  /** Where it takes requests, for example `http://localhost:<edge port>`; undefined until that is known. */
  edgeUrl(): string | undefined
  state(): RuntimeDriverState
  /** Why no runtime serves at the moment; undefined while one does. */
  lastError(): LastError | undefined
  /** Calls the listener each time a runtime begins to serve, with everything assigned. @returns a function that ends it. */
  onRunning(listener: () => void): () => void
}

/** What a driver asks when it (re)connects to a runtime: everything that is to be served, each with the fence of its last holder. */
export type Assignments = () => Promise<readonly { ref: EnvironmentRef; fence: number }[]>
