import * as vscode from 'vscode'
import type { Disposable } from '../platform/disposables.ts'
import { type Backend, backendName } from './backend.ts'
import type { SessionStore } from './session-store.ts'

export const providerId = 'imprun'

/** Makes imprun accounts visible where VS Code keeps all of them. Signing in itself is `askToSignIn`, the same as the command's. */
export class ImprunAuthenticationProvider implements vscode.AuthenticationProvider, Disposable {
  readonly #store: SessionStore
  readonly #askToSignIn: () => Promise<Backend | undefined>
  readonly #changed = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>()
  readonly #subscription: Disposable
  #known: vscode.AuthenticationSession[] = []

  readonly onDidChangeSessions = this.#changed.event

  constructor(store: SessionStore, askToSignIn: () => Promise<Backend | undefined>) {
    this.#store = store
    this.#askToSignIn = askToSignIn
    this.#subscription = store.onChanged(() => void this.#tellDifference())
  }

  async getSessions(): Promise<vscode.AuthenticationSession[]> {
    this.#known = (await this.#store.read()).backends.map(toSession)
    return this.#known
  }

  async createSession(): Promise<vscode.AuthenticationSession> {
    const backend = await this.#askToSignIn()
    if (!backend) throw new vscode.CancellationError()
    return toSession(backend)
  }

  async removeSession(sessionId: string): Promise<void> {
    await this.#store.remove(sessionId)
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#changed.dispose()
  }

  /** Another window may have signed in or out. */
  async #tellDifference(): Promise<void> {
    const before = this.#known
    const now = await this.getSessions()
    const isIn = (list: vscode.AuthenticationSession[], session: vscode.AuthenticationSession) =>
      list.some((other) => other.id === session.id && other.accessToken === session.accessToken)
    const added = now.filter((session) => !isIn(before, session))
    const removed = before.filter((session) => !isIn(now, session))
    if (added.length + removed.length > 0) this.#changed.fire({ added, removed, changed: [] })
  }
}

function toSession(backend: Backend): vscode.AuthenticationSession {
  return {
    id: backend.apiUrl,
    accessToken: backend.token,
    account: { id: `${backend.userId}@${backend.apiUrl}`, label: `${backend.userName} (${backendName(backend.apiUrl)})` },
    scopes: [],
  }
}
