import { Emitter } from '../platform/emitter.ts'
import { type Backend, type Sessions, sessionsSchema } from './backend.ts'

/** The part of VS Code's SecretStorage that is used here. */
export interface Secrets {
  get(key: string): PromiseLike<string | undefined>
  store(key: string, value: string): PromiseLike<void>
  onDidChange(listener: (event: { key: string }) => void): { dispose(): unknown }
}

const secretKey = 'imprun.sessions'

/** Who is signed in where. Kept in SecretStorage alone; where no keyring works, for this window only, and it says so once. */
export class SessionStore {
  readonly #secrets: Secrets
  readonly #onUnsafe: () => void
  readonly #changed = new Emitter<void>()
  readonly #subscription: { dispose(): unknown }
  /** Used when SecretStorage fails. */
  #memory: Sessions | undefined

  readonly onChanged = this.#changed.event

  constructor(secrets: Secrets, onUnsafe: () => void) {
    this.#secrets = secrets
    this.#onUnsafe = onUnsafe
    this.#subscription = secrets.onDidChange(({ key }) => {
      if (key === secretKey) this.#changed.fire()
    })
  }

  async read(): Promise<Sessions> {
    if (this.#memory) return this.#memory
    try {
      const text = await this.#secrets.get(secretKey)
      const parsed = sessionsSchema.safeParse(text ? JSON.parse(text) : undefined)
      return parsed.success ? parsed.data : { backends: [] }
    } catch {
      return { backends: [] }
    }
  }

  async active(): Promise<Backend | undefined> {
    const { active, backends } = await this.read()
    return backends.find((backend) => backend.apiUrl === active)
  }

  /** Remembers a backend and makes it the active one. */
  async add(backend: Backend): Promise<void> {
    const { backends } = await this.read()
    await this.#write({ active: backend.apiUrl, backends: [...backends.filter((other) => other.apiUrl !== backend.apiUrl), backend] })
  }

  async remove(apiUrl: string): Promise<void> {
    const { active, backends } = await this.read()
    const rest = backends.filter((backend) => backend.apiUrl !== apiUrl)
    await this.#write({ ...(active && active !== apiUrl ? { active } : {}), backends: rest })
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#changed.dispose()
  }

  async #write(sessions: Sessions): Promise<void> {
    try {
      await this.#secrets.store(secretKey, JSON.stringify(sessions))
    } catch {
      if (!this.#memory) this.#onUnsafe()
      this.#memory = sessions
      this.#changed.fire()
    }
  }
}
