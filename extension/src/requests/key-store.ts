import type { EnvironmentName } from '@imprun/contracts'

/** Where secrets are kept; `vscode.SecretStorage` is one. */
export interface Secrets {
  get(key: string): PromiseLike<string | undefined>
  store(key: string, value: string): PromiseLike<void>
  delete(key: string): PromiseLike<void>
}
export interface KeyPlace {
  readonly apiUrl: string
  readonly gatewayId: string
  readonly environment: EnvironmentName
}

/** API keys that requests are sent with, one per environment. They leave the secret storage only for the call itself. */
export class KeyStore {
  readonly #secrets: Secrets
  constructor(secrets: Secrets) {
    this.#secrets = secrets
  }
  async find(place: KeyPlace): Promise<string | undefined> {
    return this.#secrets.get(nameOf(place))
  }
  async put(place: KeyPlace, key: string): Promise<void> {
    await this.#secrets.store(nameOf(place), key)
  }
  async forget(place: KeyPlace): Promise<void> {
    await this.#secrets.delete(nameOf(place))
  }
}

const nameOf = ({ apiUrl, gatewayId, environment }: KeyPlace) => `imprun.key/${apiUrl}/${gatewayId}/${environment}`
