import type { ApplyFailure, QuarantinedFunction, ScheduleRule } from '@imprun/contracts'
import type { RefusedMessage } from '../../frames/frames.ts'
import { type CandidateHost, Candidates } from '../canary/candidates.ts'
import type { Environment, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { LoadOutcome } from '../supervision/call.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { codeRevisionOf, type GatewayDocument, type PublishedFunctionHead } from './gateway-reader.ts'

export interface FunctionHost extends CandidateHost, Pick<Supervisor, 'configure'> {
  /** When the function runs by itself, from this revision on; undefined: it does not. */
  schedule(environment: Environment, functionName: string, rule: ScheduleRule | undefined, revision: number): void
}

const noneSent: readonly { revision: number }[] = []

/** What all served environments of a runtime share. */
export interface ServedPorts {
  host: FunctionHost
  observe: Observe
  /** What the environment has reached may be another revision now. */
  onProgress(served: ServedEnvironment): void
}

/** What has become of one function's versions since the environment was assigned. */
interface FunctionProgress {
  /** The highest revision that was tried. */
  tried: number
  /** The revision of its last removal; a load that ends after it must not bring the function back. */
  removed: number
  /** The refusal that still stands. */
  failure: ApplyFailure | undefined
}

/**
 * Applies a gateway's documents to the tables of one environment and knows how far it has come. Keys change at once, settings and variables when the worker goes
 * by them; a function's new version is loaded beside the old one first, and the old one goes on serving when that is refused. Reading the same document twice changes nothing.
 */
export class ServedEnvironment {
  readonly environment: Environment
  readonly #ports: ServedPorts
  /** By function name; made with the first, because most environments wait without any. */
  #progress: Map<string, FunctionProgress> | undefined
  /** Made with the first candidate. */
  #candidates: Candidates | undefined
  /** Revisions that are on their way into the worker. */
  #pending: readonly { revision: number }[] = noneSent
  #confirmedRevision = -1
  #appliedAt: Date | undefined

  constructor(environment: Environment, ports: ServedPorts) {
    this.environment = environment
    this.#ports = ports
  }

  /** Everything up to this revision was read and is applied or refused. */
  get revision(): number {
    let revision = this.#confirmedRevision
    for (const pending of this.#pending) revision = Math.min(revision, pending.revision - 1)
    return revision
  }
  get failures(): ApplyFailure[] {
    return [...(this.#progress?.values() ?? [])].flatMap(({ failure }) => failure ?? [])
  }
  /** Versions that this runtime keeps apart. */
  get quarantined(): QuarantinedFunction[] {
    return this.environment.quarantine?.list(this.environment) ?? []
  }
  get appliedAt(): Date | undefined {
    return this.#appliedAt
  }
  hasRefused(functionName: string): boolean {
    return this.#progress?.get(functionName)?.failure !== undefined
  }

  /** All documents up to `revision` were handed to `apply`. */
  confirm(revision: number): void {
    this.#confirmedRevision = Math.max(this.#confirmedRevision, revision)
  }

  apply(document: GatewayDocument): void {
    if (document.kind === 'credential') this.environment.credentials.apply(document.credential)
    else if (document.kind === 'settings') this.#applySettings(document)
    else if (document.kind === 'variables') this.#applyVariables(document)
    else this.#applyFunction(document.published, document.source)
  }

  #applySettings({ settings, revision }: Extract<GatewayDocument, { kind: 'settings' }>): void {
    const { environment } = this
    if (revision <= environment.settingsRevision) return
    environment.settingsRevision = revision
    environment.authType = settings.authType
    environment.limits = settings.limits
    environment.egress = settings.egress
    environment.isDatabaseFull = settings.isDatabaseFull
    this.#configure(revision)
  }
  #applyVariables({ stored, revision }: Extract<GatewayDocument, { kind: 'variables' }>): void {
    const { environment } = this
    if (revision <= environment.variablesRevision) return
    environment.variablesRevision = revision
    environment.variables = stored.variables
    this.#configure(revision)
  }
  #configure(revision: number): void {
    const configured = this.#ports.host.configure(this.environment)
    if (configured !== undefined) this.#awaitSent(revision, configured, () => undefined)
  }
  /** Nothing at or above the revision is reached before the worker has said what became of it. */
  #awaitSent<T>(revision: number, sent: Promise<T>, settle: (outcome: T) => void): void {
    const pending = { revision }
    this.#pending = [...this.#pending, pending]
    void sent.then((outcome) => {
      this.#pending = this.#pending.length === 1 ? noneSent : this.#pending.filter((other) => other !== pending)
      settle(outcome)
      this.#ports.onProgress(this)
    })
  }
  #progressOf(functionName: string): FunctionProgress {
    this.#progress ??= new Map()
    const known = this.#progress.get(functionName)
    if (known !== undefined) return known
    const fresh = { tried: -1, removed: -1, failure: undefined }
    this.#progress.set(functionName, fresh)
    return fresh
  }

  #applyFunction(published: PublishedFunctionHead, source: FunctionSource | undefined): void {
    const { name, revision } = published
    const progress = this.#progressOf(name)
    if (revision <= progress.tried) return
    progress.tried = revision
    if (published.isRemoved) this.#remove(name, revision)
    else if (this.environment.find(name)?.revision === codeRevisionOf(published)) this.#applyCandidate(published)
    else if (source !== undefined) this.#load(published, source)
    else {
      this.#swap(published, undefined)
      this.#applyCandidate(published)
    }
  }
  /** Beside what serves, which is here already. */
  #applyCandidate({ name, revision, candidate }: PublishedFunctionHead): void {
    if (candidate !== undefined) this.#candidates ??= new Candidates(this.environment, this.#ports.host)
    const readAtMs = performance.now()
    const loading = this.#candidates?.apply(name, candidate)
    if (loading === undefined) return this.#clearFailure(name, revision)
    this.#awaitSent(revision, loading, (outcome) => {
      if (outcome.outcome === 'refused') this.#fail(name, revision, outcome.refusal)
      else this.#clearFailure(name, revision)
      this.#report(name, revision, outcome, readAtMs)
    })
  }

  #remove(name: string, revision: number): void {
    const entry = this.environment.find(name)
    this.#candidates?.apply(name, undefined)
    this.environment.remove(name)
    const progress = this.#progressOf(name)
    progress.removed = revision
    progress.failure = undefined
    const { host, observe } = this.#ports
    if (entry !== undefined) host.unload(this.environment, entry.index)
    host.schedule(this.environment, name, undefined, revision)
    observe({ type: 'applied', environment: this.environment.key, name, revision, outcome: 'removed', at: new Date(), tookMs: 0 })
  }

  #load(published: PublishedFunctionHead, source: FunctionSource): void {
    const { name, revision } = published
    const readAtMs = performance.now()
    const entry = { index: this.environment.indexOf(name), name, limits: published.limits }
    const loaded = this.#ports.host.load(this.environment, entry, source)
    this.#awaitSent(revision, loaded, (outcome) => this.#settle(published, source, outcome, readAtMs))
  }
  #settle(published: PublishedFunctionHead, source: FunctionSource, outcome: LoadOutcome, readAtMs: number): void {
    const { name, revision } = published
    const progress = this.#progressOf(name)
    if (progress.removed > revision) {
      this.#ports.host.unload(this.environment, this.environment.indexOf(name))
      return
    }
    if (outcome.outcome === 'refused') this.#fail(name, revision, outcome.refusal)
    else if (codeRevisionOf(published) > (this.environment.find(name)?.revision ?? -1)) {
      // Without its worker, which was sent away meanwhile, the version is only noted: its code is read when it is called.
      this.#swap(published, outcome.outcome === 'loaded' ? source : undefined)
      this.#clearFailure(name, revision)
    }
    if (outcome.outcome !== 'refused' && revision === progress.tried) this.#applyCandidate(published)
    this.#report(name, revision, outcome, readAtMs)
  }
  #fail(name: string, revision: number, refusal: RefusedMessage): void {
    const progress = this.#progressOf(name)
    if (revision === progress.tried) progress.failure = { name, revision, ...refusal }
  }
  #clearFailure(name: string, revision: number): void {
    const progress = this.#progressOf(name)
    if ((progress.failure?.revision ?? -1) < revision) progress.failure = undefined
  }
  #report(name: string, revision: number, outcome: LoadOutcome, readAtMs: number): void {
    this.#appliedAt = new Date()
    const outcomeName = outcome.outcome === 'refused' ? 'refused' : 'swapped'
    const tookMs = performance.now() - readAtMs
    this.#ports.observe({ type: 'applied', environment: this.environment.key, name, revision, outcome: outcomeName, at: this.#appliedAt, tookMs })
  }

  #swap(published: PublishedFunctionHead, source: FunctionSource | undefined): void {
    const { name, version, methods, limits, schedule } = published
    const revision = codeRevisionOf(published)
    this.#ports.host.schedule(this.environment, name, schedule, revision)
    const entry = this.environment.find(name)
    if (entry === undefined) return this.environment.add({ index: this.environment.indexOf(name), name, version, revision, methods, limits, source })
    entry.version = version
    entry.revision = revision
    entry.methods = methods
    entry.limits = limits
    entry.source = source
  }
}
