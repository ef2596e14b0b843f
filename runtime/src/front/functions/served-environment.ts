import type { ApplyFailure, QuarantinedFunction, ScheduleRule } from '@imprun/contracts'
import type { Environment, FunctionSource } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { LoadOutcome } from '../supervision/call.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import type { GatewayDocument, PublishedFunctionHead } from './gateway-reader.ts'

export interface FunctionHost extends Pick<Supervisor, 'load' | 'unload' | 'configure'> {
  /** When the function runs by itself, from this revision on; undefined: it does not. */
  schedule(environment: Environment, functionName: string, rule: ScheduleRule | undefined, revision: number): void
}

/**
 * Applies a gateway's documents to the tables of one environment and knows how far it has come. Keys change at once, settings and variables when the worker goes
 * by them; a function's new version is loaded beside the old one first, and the old one goes on serving when that is refused. Reading the same document twice changes nothing.
 */
export class ServedEnvironment {
  readonly environment: Environment
  readonly #host: FunctionHost
  readonly #observe: Observe
  readonly #onProgress: () => void
  /** By function name: the refusals that still stand. */
  readonly #failures = new Map<string, ApplyFailure>()
  /** By function name: the highest revision that was tried since the environment was assigned. */
  readonly #tried = new Map<string, number>()
  /** By function name: the revision of its last removal; a load that ends after it must not bring the function back. */
  readonly #removed = new Map<string, number>()
  readonly #pending = new Set<{ revision: number }>()
  #confirmedRevision = -1
  #appliedAt: Date | undefined

  constructor(environment: Environment, host: FunctionHost, observe: Observe, onProgress: () => void) {
    this.environment = environment
    this.#host = host
    this.#observe = observe
    this.#onProgress = onProgress
  }

  /** Everything up to this revision was read and is applied or refused. */
  get revision(): number {
    let revision = this.#confirmedRevision
    for (const pending of this.#pending) revision = Math.min(revision, pending.revision - 1)
    return revision
  }
  get failures(): ApplyFailure[] {
    return [...this.#failures.values()]
  }
  /** Versions that this runtime keeps apart. */
  get quarantined(): QuarantinedFunction[] {
    return this.environment.quarantine?.list(this.environment) ?? []
  }
  get appliedAt(): Date | undefined {
    return this.#appliedAt
  }
  hasRefused(functionName: string): boolean {
    return this.#failures.has(functionName)
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
    const configured = this.#host.configure(this.environment)
    if (configured === undefined) return
    const pending = { revision }
    this.#pending.add(pending)
    void configured.then(() => {
      this.#pending.delete(pending)
      this.#onProgress()
    })
  }

  #applyFunction(published: PublishedFunctionHead, source: FunctionSource | undefined): void {
    const { name, revision } = published
    if (revision <= (this.#tried.get(name) ?? -1)) return
    this.#tried.set(name, revision)
    if (published.isRemoved) this.#remove(name, revision)
    else if (source === undefined) this.#swap(published, undefined)
    else this.#load(published, source)
  }

  #remove(name: string, revision: number): void {
    const entry = this.environment.find(name)
    this.environment.remove(name)
    this.#removed.set(name, revision)
    this.#failures.delete(name)
    if (entry !== undefined) this.#host.unload(this.environment, entry.index)
    this.#host.schedule(this.environment, name, undefined, revision)
    this.#observe({ type: 'applied', environment: this.environment.key, name, revision, outcome: 'removed', at: new Date(), tookMs: 0 })
  }

  #load(published: PublishedFunctionHead, source: FunctionSource): void {
    const { name, revision } = published
    const pending = { revision }
    const readAtMs = performance.now()
    this.#pending.add(pending)
    const entry = { index: this.environment.indexOf(name), name, limits: published.limits }
    void this.#host.load(this.environment, entry, source).then((outcome) => {
      this.#pending.delete(pending)
      this.#settle(published, source, outcome, readAtMs)
      this.#onProgress()
    })
  }
  #settle(published: PublishedFunctionHead, source: FunctionSource, outcome: LoadOutcome, readAtMs: number): void {
    const { name, revision } = published
    if ((this.#removed.get(name) ?? -1) > revision) {
      this.#host.unload(this.environment, this.environment.indexOf(name))
      return
    }
    if (outcome.outcome === 'refused') {
      if (revision === this.#tried.get(name)) this.#failures.set(name, { name, revision, ...outcome.refusal })
    } else if (revision > (this.environment.find(name)?.revision ?? -1)) {
      // Without its worker, which was sent away meanwhile, the version is only noted: its code is read when it is called.
      this.#swap(published, outcome.outcome === 'loaded' ? source : undefined)
      if ((this.#failures.get(name)?.revision ?? -1) < revision) this.#failures.delete(name)
    }
    this.#appliedAt = new Date()
    const outcomeName = outcome.outcome === 'refused' ? 'refused' : 'swapped'
    const tookMs = performance.now() - readAtMs
    this.#observe({ type: 'applied', environment: this.environment.key, name, revision, outcome: outcomeName, at: this.#appliedAt, tookMs })
  }

  #swap({ name, version, revision, methods, limits, schedule }: PublishedFunctionHead, source: FunctionSource | undefined): void {
    this.#host.schedule(this.environment, name, schedule, revision)
    const entry = this.environment.find(name)
    if (entry === undefined) return this.environment.add({ index: this.environment.indexOf(name), name, version, revision, methods, limits, source })
    entry.version = version
    entry.revision = revision
    entry.methods = methods
    entry.limits = limits
    entry.source = source
  }
}
