import type { Assignment, EnvironmentLimits, EnvironmentName, FunctionLimits } from '@imprun/contracts'
import { environmentLimitsDefault } from '@imprun/contracts'
import type { Credentials } from './access/credentials.ts'
import { createCredentials } from './access/credentials.ts'
import type { Dispatcher } from './supervision/dispatcher.ts'

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
  /** The code that serves, kept only while the environment has a worker: a lost worker is then replaced without asking MongoDB. */
  source: FunctionSource | undefined
}

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
  settingsRevision = -1
  readonly functions = new Map<string, FunctionEntry>()
  readonly credentials: Credentials = createCredentials()
  /** Exists while calls, a load or a worker do. */
  dispatcher: Dispatcher | undefined
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

  timeoutMsOf(limits: FunctionLimits): number {
    return Math.min(limits.timeoutMs ?? this.limits.timeoutMs, this.limits.timeoutMs)
  }
  bodyBytesMaxOf(limits: FunctionLimits): number {
    return Math.min(limits.bodyBytesMax ?? this.limits.bodyBytesMax, this.limits.bodyBytesMax)
  }
}

export const environmentKey = (gatewayId: string, environment: EnvironmentName): string => `${gatewayId}/${environment}`
