import type { PublishedCandidate } from '@imprun/contracts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { LoadOutcome } from '../supervision/call.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { type Canary, isSameCandidate } from './canary.ts'
import type { CanaryCounts } from './canary-counts.ts'

export interface CandidateHost extends Pick<Supervisor, 'load' | 'unload'> {
  canaryCounts: Pick<CanaryCounts, 'begin' | 'end'>
}

/**
 * The candidates of one environment: each is loaded beside the version that serves, under a number of its own, before the first caller gets it. Its code stays
 * in memory for as long as it is one, so that no worker that comes later has to ask for it.
 */
export class Candidates {
  readonly #environment: Environment
  readonly #host: CandidateHost
  /** By function name: what is published as a candidate now. */
  readonly #wanted = new Map<string, PublishedCandidate>()
  /** By function name: what callers get. */
  readonly #live = new Map<string, Canary>()

  constructor(environment: Environment, host: CandidateHost) {
    this.#environment = environment
    this.#host = host
  }

  /**
   * @param candidate undefined: there is none any more
   * @returns when it is loaded or refused; undefined when there is nothing to load
   */
  apply(name: string, candidate: PublishedCandidate | undefined): Promise<LoadOutcome> | undefined {
    if (candidate === undefined) {
      this.#drop(name)
      return undefined
    }
    const before = this.#wanted.get(name)
    this.#wanted.set(name, candidate)
    const live = this.#live.get(name)
    if (live === undefined || !isSameCandidate(before, candidate)) return this.#load(name, candidate)
    live.percent = candidate.percent
    return undefined
  }

  async #load(name: string, candidate: PublishedCandidate): Promise<LoadOutcome> {
    const entry = this.#entryOf(name, candidate)
    const outcome = await this.#host.load(this.#environment, entry, entry.source)
    const wanted = this.#wanted.get(name)
    if (wanted === undefined) this.#host.unload(this.#environment, entry.index)
    else if (isSameCandidate(wanted, candidate)) {
      if (outcome.outcome === 'refused') this.#drop(name)
      else this.#serve(name, entry, wanted)
    }
    return outcome
  }
  #entryOf(name: string, { version, revision, code, sourceMap, methods, limits }: PublishedCandidate) {
    const index = this.#environment.candidateIndexOf(name)
    const middleware = this.#environment.middlewareOf(name)
    return { index, name, version, revision, methods, limits, middleware, source: { version, revision, code, sourceMap } }
  }
  #serve(name: string, entry: FunctionEntry, { deploymentId, percent }: PublishedCandidate): void {
    const stable = this.#environment.functions.get(name)
    if (stable === undefined) return this.#drop(name)
    const before = this.#live.get(name)
    if (before !== undefined && before.deploymentId !== deploymentId) this.#host.canaryCounts.end(before.deploymentId)
    const canary: Canary = { deploymentId, entry, percent }
    const { baseline, candidate } = this.#host.canaryCounts.begin(this.#environment, name, deploymentId)
    stable.tally = baseline
    entry.tally = candidate
    stable.canary = canary
    this.#live.set(name, canary)
  }
  /** Calls that the candidate has go on to their end. */
  #drop(name: string): void {
    this.#wanted.delete(name)
    const live = this.#live.get(name)
    if (live === undefined) return
    this.#live.delete(name)
    const stable = this.#environment.functions.get(name)
    if (stable !== undefined) {
      stable.canary = undefined
      stable.tally = undefined
    }
    this.#host.canaryCounts.end(live.deploymentId)
    this.#host.unload(this.#environment, live.entry.index)
  }
}
