import type { Assignment, EgressRules, EnvironmentLimits, EnvironmentName, FunctionLimits, StoredVariables } from '@imprun/contracts'
import { egressRulesDefault, environmentLimitsDefault, isMiddlewareName, middlewareNamesOf } from '@imprun/contracts'
import type { Credentials } from './access/credentials.ts'
import { createCredentials } from './access/credentials.ts'
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
  /** Code that was never saved: it runs apart from what is published. */
  readonly isUnsaved?: true
}

const noMiddleware: readonly FunctionEntry[] = []

/** One assigned environment, as the front serves it: everything a request needs is read from here. */
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
  settingsRevision = -1
  /** As they are stored, the secret ones sealed: they are opened only for a worker. */
  variables: StoredVariables = {}
  variablesRevision = -1
  /** What requests can mean, by name. */
  readonly functions = new Map<string, FunctionEntry>()
  /** What runs before them, by name. */
  readonly middleware = new Map<string, FunctionEntry>()
  readonly credentials: Credentials = createCredentials()
  /** Not served here any more: nothing of it is started again. */
  isGone = false
  /** Exists while calls, a load or a worker do. */
  dispatcher: Dispatcher | undefined
  /** The same for what is kept apart: versions in quarantine and code that was never saved. */
  quarantineDispatcher: Dispatcher | undefined
  /** Exists once a version gave a reason. */
  quarantine: Quarantine | undefined
  #functionIndexes = new Map<string, number>()
  #functionNames: string[] = []

  constructor(assignment: Assignment) {
    this.assignment = assignment
    this.gatewayId = assignment.gatewayId
    this.name = assignment.environment
    this.key = environmentKey(assignment.gatewayId, assignment.environment)
  }

  /** The same number for the same name, for as long as the environment is assigned. */
  indexOf(functionName: string): number {
    const known = this.#functionIndexes.get(functionName)
    if (known !== undefined) return known
    this.#functionIndexes.set(functionName, this.#functionNames.length)
    return this.#functionNames.push(functionName) - 1
  }
  nameOf(index: number): string | undefined {
    return this.#functionNames[index]
  }

  /** What is published under that name. */
  find(name: string): FunctionEntry | undefined {
    return isMiddlewareName(name) ? this.middleware.get(name) : this.functions.get(name)
  }
  add(made: Omit<FunctionEntry, 'middleware'>): void {
    const entry: FunctionEntry = { ...made, middleware: this.middlewareOf(made.name) }
    if (!isMiddlewareName(entry.name)) this.functions.set(entry.name, entry)
    else {
      this.middleware.set(entry.name, entry)
      this.#linkMiddleware()
    }
  }
  remove(name: string): void {
    this.functions.delete(name)
    if (this.middleware.delete(name)) this.#linkMiddleware()
  }
  entries(): FunctionEntry[] {
    return [...this.functions.values(), ...this.middleware.values()]
  }
  #linkMiddleware(): void {
    for (const entry of this.functions.values()) entry.middleware = this.middlewareOf(entry.name)
  }
  /** What runs before a function of that name, outermost first. */
  middlewareOf(name: string): readonly FunctionEntry[] {
    return this.middleware.size === 0 ? noMiddleware : middlewareNamesOf(name).flatMap((each) => this.middleware.get(each) ?? [])
  }

  timeoutMsOf(limits: FunctionLimits): number {
    return Math.min(limits.timeoutMs ?? this.limits.timeoutMs, this.limits.timeoutMs)
  }
  bodyBytesMaxOf(limits: FunctionLimits): number {
    return Math.min(limits.bodyBytesMax ?? this.limits.bodyBytesMax, this.limits.bodyBytesMax)
  }
}

export const environmentKey = (gatewayId: string, environment: EnvironmentName): string => `${gatewayId}/${environment}`
