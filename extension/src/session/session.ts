import type { ImprunError, ImprunEvent } from '@imprun/contracts'
import { type ApiClient, type ApiTarget, createApiClient } from '../api/api-client.ts'
import { Catalog } from '../api/catalog.ts'
import { EventStream, everything } from '../api/event-stream.ts'
import type { Disposable } from '../platform/disposables.ts'
import { Emitter } from '../platform/emitter.ts'
import type { Log } from '../platform/log.ts'
import type { Backend } from './backend.ts'
import { readConnection } from './find-backends.ts'
import { watchFile } from './watch-file.ts'

export type SessionStatus = 'signedOut' | 'connecting' | 'online' | 'offline'

/** A backend that is signed in to, and everything that lives and dies with that. */
export interface OpenSession {
  readonly backend: Backend
  readonly api: ApiClient
  readonly catalog: Catalog
  /** Where the backend is now. */
  where(): Promise<ApiTarget>
}

interface LiveSession extends OpenSession {
  readonly stream: EventStream<ImprunEvent>
  target: ApiTarget
}

/**
 * The one session of this window. `open` starts it without waiting for the network; whether the backend answers is told by `status`, and
 * that in turn only by the event stream, so there is one judge of online and offline.
 */
export class Session implements Disposable {
  readonly #log: Log
  readonly #fetch: typeof fetch
  readonly #statusChanged = new Emitter<SessionStatus>()
  readonly #event = new Emitter<ImprunEvent>()
  readonly #opened = new Emitter<OpenSession | undefined>()
  readonly #refused = new Emitter<Backend>()
  #live: LiveSession | undefined
  /** While offline: a backend of this machine that comes back leaves its connection file, and need not be waited for. */
  #watch: Disposable | undefined
  #status: SessionStatus = 'signedOut'
  #lastError: ImprunError | undefined

  readonly onStatus = this.#statusChanged.event
  readonly onEvent = this.#event.event
  /** Fires with another session, or undefined after signing out. */
  readonly onOpened = this.#opened.event
  /** The backend no longer accepts the token. */
  readonly onRefused = this.#refused.event

  constructor(log: Log, fetchLike: typeof fetch = fetch) {
    this.#log = log
    this.#fetch = fetchLike
  }

  get status(): SessionStatus {
    return this.#status
  }
  get current(): OpenSession | undefined {
    return this.#live
  }
  /** Why the session is offline. */
  get lastError(): ImprunError | undefined {
    return this.#lastError
  }

  open(backend: Backend): void {
    if (this.#live && isSame(this.#live.backend, backend)) return
    this.#close()
    const live: LiveSession = this.#makeLive(backend)
    this.#live = live
    this.#setStatus('connecting')
    this.#opened.fire(live)
    live.stream.start()
  }

  close(): void {
    if (!this.#live) return
    this.#close()
    this.#setStatus('signedOut')
    this.#opened.fire(undefined)
  }

  retryNow(): void {
    this.#live?.stream.retryNow()
  }

  dispose(): void {
    this.#close()
    for (const emitter of [this.#statusChanged, this.#event, this.#opened, this.#refused]) emitter.dispose()
  }

  #makeLive(backend: Backend): LiveSession {
    const api = createApiClient(() => live.target, this.#fetch)
    const catalog = new Catalog(api, backend.userId)
    const live: LiveSession = {
      backend,
      api,
      catalog,
      target: { apiUrl: backend.apiUrl, token: backend.token },
      async where() {
        live.target = await whereIsIt(backend)
        return live.target
      },
      stream: new EventStream(everything, {
        target: () => live.where(),
        onConnected: () => this.#setStatus('online'),
        onLost: (error) => this.#lose(live, error),
        onEvent: (event) => this.#accept(live, event),
        log: this.#log,
        fetch: this.#fetch,
      }),
    }
    return live
  }

  #accept(live: LiveSession, event: ImprunEvent): void {
    if (live !== this.#live) return
    if (event.type === 'hello') void live.catalog.reload()
    else live.catalog.accept(event)
    this.#event.fire(event)
  }

  #lose(live: LiveSession, error: ImprunError): void {
    if (live !== this.#live) return
    this.#lastError = error
    this.#log.warn(`Lost the backend: ${error.message}`)
    if (error.code !== 'SIGN_IN_REQUIRED') {
      const { connectionFile } = live.backend
      if (connectionFile) this.#watch ??= watchFile(connectionFile, () => live.stream.retryNow())
      return this.#setStatus('offline')
    }
    this.#refused.fire(live.backend)
    this.close()
  }

  #close(): void {
    this.#stopWatching()
    this.#live?.stream.dispose()
    this.#live?.catalog.dispose()
    this.#live = undefined
  }

  #stopWatching(): void {
    this.#watch?.dispose()
    this.#watch = undefined
  }

  #setStatus(status: SessionStatus): void {
    if (status === 'online') this.#stopWatching()
    if (this.#status === status) return
    this.#status = status
    if (status === 'online') this.#lastError = undefined
    this.#log.info(`Session: ${status}`)
    this.#statusChanged.fire(status)
  }
}

const isSame = (a: Backend, b: Backend) => a.apiUrl === b.apiUrl && a.token === b.token

async function whereIsIt(backend: Backend): Promise<ApiTarget> {
  const found = backend.connectionFile ? await readConnection(backend.connectionFile) : undefined
  return found?.connection ?? { apiUrl: backend.apiUrl, token: backend.token }
}
