import type { ConfigureMessage } from '../frames/frames.ts'

/** The JSON of none. */
export const noVariables = '{}'

/** What the environment's owner may change while the worker runs. Read anew at every use, so that a change counts at once. */
export class Configuration {
  #current: ConfigureMessage = { variables: {}, egress: { allow: [], deny: [] }, limits: { timeoutMs: 30_000, responseBytesMax: 32 * 1024 * 1024 } }
  #variablesJson = noVariables
  #variablesRevision = 0

  /** From here on this counts. */
  apply(message: ConfigureMessage): void {
    this.#current = message
    const variablesJson = JSON.stringify(message.variables)
    if (variablesJson === this.#variablesJson) return
    this.#variablesJson = variablesJson
    this.#variablesRevision += 1
  }
  get egress(): ConfigureMessage['egress'] {
    return this.#current.egress
  }
  get limits(): ConfigureMessage['limits'] {
    return this.#current.limits
  }
  get isDatabaseFull(): boolean {
    return this.#current.isDatabaseFull === true
  }
  /** What a context is handed. */
  get variablesJson(): string {
    return this.#variablesJson
  }
  /** Rises with each change of the variables; 0 while there have been none. */
  get variablesRevision(): number {
    return this.#variablesRevision
  }
}
