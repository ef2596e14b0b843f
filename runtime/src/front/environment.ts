import type { Assignment, EgressRules, EnvironmentLimits, EnvironmentName, FunctionLimits, StoredVariables } from '@imprun/contracts'
import { egressRulesDefault, environmentLimitsDefault, isMiddlewareName, middlewareNamesOf } from '@imprun/contracts'
import { Credentials } from './access/credentials.ts'
import type { Canary, Tally } from './canary/canary.ts'
import type { Usual } from './canary/late-calls.ts'
import type { Dispatcher } from './supervision/dispatcher.ts'
import type { Quarantine } from './supervision/quarantine.ts'

export interface FunctionSource {
  version: string
  revision: number
  code: string
  sourceMap: string
}

/** What the front knows of one published function. Small, because thousands of environments without a worker wait in memory. */
export interface FunctionEntry {
  /** The function's number in frames; stays with the name as long as the environment is assigned. */
  readonly index: number
  readonly name: string
  version: string
  revision: number
  methods: readonly string[] | undefined
  limits: FunctionLimits
  /** What runs before it, outermost first. */
  middleware: readonly FunctionEntry[]
  /** The code that serves, kept only while the environment has a worker: a lost worker is then replaced without asking MongoDB. */
  source: FunctionSource | undefined
  /** Another version of it that some of the callers get. */
  canary?: Canary | undefined
  /** Where its calls are counted while it is one side of a canary. */
  tally?: Tally | undefined
  /** Known once it was called. */
  usual?: Usual | undefined
  /** Code that was never saved: it runs apart from what is published. */
  readonly isUnsaved?: true
}

const noMiddleware: readonly FunctionEntry[] = []
const noEntries: ReadonlyMap<string, FunctionEntry> = new Map()

/**
 * One assigned environment, as the front serves it: everything a request needs is read from here. What it holds is made when there is something to hold,
 * because thousands of environments wait without a call.
 */
export class Environment {
  readonly gatewayId: string
  readonly name: EnvironmentName
  /** `<gatewayId>/<environment>` */
  readonly key: string
  assignment: Assignment
  /** Until the settings have been read, nobody is let in without a key. */
  authType: 'none' | 'key-auth' = 'key-auth'
  limits: EnvironmentLimits = environmentLimitsDefault
  egress: EgressRules = egressRulesDefault
  isDatabaseFull = false
  settingsRevision = -1
  /** As they are stored, the secret ones sealed: they are opened only for a worker. */
  variables: StoredVariables = {}
  variablesRevision = -1
  readonly credentials = new Credentials()
  /** Not served here any more: nothing of it is started again. */
  isGone = false
  /** Exists while calls, a load or a worker do. */
  dispatcher: Dispatcher | undefined
  /** The same for what is kept apart: versions in quarantine and code that was never saved. */
  quarantineDispatcher: Dispatcher | undefined
  /** Exists once a version gave a reason. */
  quarantine: Quarantine | undefined
  #functions: Map<string, FunctionEntry> | undefined
  #middleware: Map<string, FunctionEntry> | undefined
  #numbered: { indexes: Map<string, number>; names: string[] } | undefined

  constructor(assignment: Assignment) {
    this.assignment = assignment
    this.gatewayId = assignment.gatewayId
    this.name = assignment.environment
    this.key = environmentKey(assignment.gatewayId, assignment.environment)
  }

  /** What requests can mean, by name. */
  get functions(): ReadonlyMap<string, FunctionEntry> {
    return this.#functions ?? noEntries
  }
  /** What runs before them, by name. */
  get middleware(): ReadonlyMap<string, FunctionEntry> {
    return this.#middleware ?? noEntries
  }

  /** The same number for the same name, for as long as the environment is assigned. */
  indexOf(functionName: string): number {
    return this.#numberOf(functionName, functionName)
  }
  /** The number of the function's candidate: beside the function's own, and under the same name. */
  candidateIndexOf(functionName: string): number {
    return this.#numberOf(`${functionName}#candidate`, functionName)
  }
  #numberOf(key: string, functionName: string): number {
    this.#numbered ??= { indexes: new Map(), names: [] }
    const { indexes, names } = this.#numbered
    const known = indexes.get(key)
    if (known !== undefined) return known
    indexes.set(key, names.length)
    return names.push(functionName) - 1
  }
  nameOf(index: number): string | undefined {
    return this.#numbered?.names[index]
  }

  /** What is published under that name. */
  find(name: string): FunctionEntry | undefined {
    return isMiddlewareName(name) ? this.middleware.get(name) : this.functions.get(name)
  }
  add(made: Omit<FunctionEntry, 'middleware'>): void {
    const entry: FunctionEntry = { ...made, middleware: this.middlewareOf(made.name), canary: undefined, tally: undefined }
    if (!isMiddlewareName(entry.name)) {
      this.#functions ??= new Map()
      this.#functions.set(entry.name, entry)
    } else {
      this.#middleware ??= new Map()
      this.#middleware.set(entry.name, entry)
      this.#linkMiddleware()
    }
  }
  remove(name: string): void {
    this.#functions?.delete(name)
    if (this.#middleware?.delete(name) === true) this.#linkMiddleware()
  }
  /** What has that number, be it what serves or its candidate. */
  entryAt(index: number): FunctionEntry | undefined {
    const entry = this.find(this.nameOf(index) ?? '')
    return entry?.index === index ? entry : entry?.canary?.entry.index === index ? entry.canary.entry : undefined
  }
  entries(): FunctionEntry[] {
    return [...this.functions.values(), ...this.middleware.values()]
  }
  #linkMiddleware(): void {
    for (const entry of this.functions.values()) {
      entry.middleware = this.middlewareOf(entry.name)
      if (entry.canary !== undefined) entry.canary.entry.middleware = entry.middleware
    }
  }
  /** What runs before a function of that name, outermost first. */
  middlewareOf(name: string): readonly FunctionEntry[] {
    return this.middleware.size === 0 ? noMiddleware : middlewareNamesOf(name).flatMap((each) => this.middleware.get(each) ?? [])
  }

  /** What all its functions may use together, in MiB. */
  get memoryMb(): number {
    return Math.min(this.limits.memoryMb, this.assignment.bundle?.memoryMb ?? Number.POSITIVE_INFINITY)
  }
  /** Its share of the processor, where several want it; undefined: as much as any other process. */
  get cpuMillicores(): number | undefined {
    return this.assignment.bundle?.cpuMillicores
  }

  timeoutMsOf(limits: FunctionLimits): number {
    return Math.min(limits.timeoutMs ?? this.limits.timeoutMs, this.limits.timeoutMs)
  }
  bodyBytesMaxOf(limits: FunctionLimits): number {
    return Math.min(limits.bodyBytesMax ?? this.limits.bodyBytesMax, this.limits.bodyBytesMax)
  }
}

export const environmentKey = (gatewayId: string, environment: EnvironmentName): string => `${gatewayId}/${environment}`
