import { randomUUID } from 'node:crypto'
import type { Bump, ImprunError, SavedFunction } from '@imprun/contracts'
import { isImprunError } from '@imprun/contracts/errors'
import type { ApiClient } from '../api/api-client.ts'
import { hashText } from '../platform/hash.ts'
import { LatestQueue } from '../platform/latest-queue.ts'
import type { Log } from '../platform/log.ts'
import type { FileState, FileStatuses } from './file-status.ts'
import type { FunctionKey, MirrorRecord, MirrorStore } from './mirror-store.ts'

export interface PublisherPorts {
  mirror: MirrorStore
  statuses: FileStatuses
  /** The client of the backend that a key names, when this window is signed in to it. */
  apiFor(key: FunctionKey): ApiClient | undefined
  /** Told about every publish that came to an end, good or bad; not about one that waits. */
  onSettled(key: FunctionKey, state: FileState): void
  log: Log
}

/** What its author wants a release to be called, and to say. */
export interface ReleaseWish {
  bump: Bump
  notes?: string
}

/**
 * Sends saved files to dev: one at a time per file, the newest text wins. What cannot be sent waits, in the order of saving, until `resume`.
 * Knows nothing of VS Code.
 */
export class Publisher {
  readonly #ports: PublisherPorts
  readonly #queue = new LatestQueue()
  /** Keeps the order of the first save of each file. */
  readonly #waiting = new Map<string, FunctionKey>()

  /** By file, the hash of the text of its last release, until the editor saves that text. */
  readonly #released = new Map<string, string>()
  readonly #unanswered = new Map<string, { request: string; key: string }>()

  constructor(ports: PublisherPorts) {
    this.#ports = ports
  }

  isBusy(key: FunctionKey): boolean {
    return this.#queue.isBusy(this.#ports.mirror.file(key))
  }

  /** Runs a task that must not meet a publish of the same file half-way; a publish that is asked for meanwhile waits. Does nothing when one runs. */
  async unlessBusy(key: FunctionKey, task: () => Promise<void>): Promise<void> {
    if (!this.isBusy(key)) await this.#queue.run(this.#ports.mirror.file(key), task)
  }

  /**
   * Saves and publishes the text of a file; settles when nothing is left to send. Never throws: the outcome is the file's state.
   * @param baseRevision given to overwrite what somebody else saved; else the revision that the file was last equal to.
   */
  publish(key: FunctionKey, code: string, baseRevision?: number): Promise<void> {
    if (baseRevision === undefined && this.#isSaveOfRelease(key, code)) return Promise.resolve()
    return this.#queue.run(this.#ports.mirror.file(key), () => this.#publishNow(key, code, baseRevision))
  }

  /**
   * Saves the text of a file and makes a release of it as its author wishes, even of text that has one. What is refused is the file's state.
   * @throws ImprunError BACKEND_UNREACHABLE: unlike a save it does not wait, because a later publish would know nothing of the wish.
   */
  release(key: FunctionKey, code: string, wish: ReleaseWish): Promise<void> {
    return this.#queue.run(this.#ports.mirror.file(key), () => this.#publishNow(key, code, undefined, wish))
  }

  /** Leaves a file to be sent when the backend is back, by this window or the next. */
  async wait(key: FunctionKey): Promise<void> {
    const file = this.#ports.mirror.file(key)
    this.#waiting.set(file, key)
    this.#ports.statuses.setState(file, key, { kind: 'waiting' })
    await this.#ports.mirror.markWaiting(key)
  }

  /** Sends what waited, one after the other in the order of saving; ends early when the backend is gone again. */
  async resume(): Promise<void> {
    for (const [file, key] of [...this.#waiting]) {
      // A file of a backend that this window is not signed in to waits for that one.
      if (!this.#ports.apiFor(key)) continue
      this.#waiting.delete(file)
      const text = await this.#ports.mirror.findText(key)
      if (text !== undefined) await this.publish(key, text)
      if (this.#waiting.has(file)) return
    }
  }

  /** The one save that follows a release of text that was not saved before has nothing left to send. */
  #isSaveOfRelease(key: FunctionKey, code: string): boolean {
    const file = this.#ports.mirror.file(key)
    const released = this.#released.get(file)
    this.#released.delete(file)
    return released === hashText(code) && this.#ports.statuses.find(file)?.state.kind === 'live'
  }

  async #publishNow(key: FunctionKey, code: string, forcedBase: number | undefined, wish?: ReleaseWish): Promise<void> {
    const { mirror, statuses, apiFor } = this.#ports
    const file = mirror.file(key)
    const api = apiFor(key)
    if (!api) return this.wait(key)
    const record = await mirror.findRecord(key)
    if (!record)
      return this.#settle(key, { kind: 'failed', code: 'FUNCTION_NOT_FOUND', detail: `${key.name} is not a function of ${key.gatewayId}.`, faults: [] })
    this.#waiting.delete(file)
    statuses.setState(file, key, { kind: 'publishing' })
    try {
      const saved = wish
        ? await this.#release(api, key, record, code, wish)
        : await this.#save(api, key, record, { code, baseRevision: forcedBase ?? record.revision }, { publish: 'dev' })
      statuses.setFacts(file, key, saved.function)
      this.#settle(key, outcomeOf(saved))
    } catch (error) {
      if (wish && isUnreachable(error)) {
        statuses.setState(file, key, { kind: 'unpublished' })
        throw error
      }
      await this.#fail(api, key, code, error)
    }
  }

  async #save(api: ApiClient, key: FunctionKey, { functionId }: MirrorRecord, body: { code: string; baseRevision: number }, query: { publish?: 'dev' }) {
    const saved = await api.call('saveFunction', {
      params: { gatewayId: key.gatewayId, functionId },
      query,
      body,
      idempotencyKey: this.#idempotencyKey(this.#ports.mirror.file(key), `${functionId} ${body.baseRevision} ${hashText(body.code)} ${query.publish}`),
    })
    await this.#ports.mirror.writeRecord(key, { functionId: saved.function.functionId, revision: saved.function.revision, code: body.code })
    return saved
  }

  async #release(api: ApiClient, key: FunctionKey, record: MirrorRecord, code: string, wish: ReleaseWish): Promise<SavedFunction> {
    const params = { gatewayId: key.gatewayId, functionId: record.functionId }
    if (hashText(code) !== record.hash) await this.#save(api, key, record, { code, baseRevision: record.revision }, {})
    const outcome = await api.call('publishFunction', { params, body: { environment: 'dev', ...wish }, idempotencyKey: randomUUID() }).then(
      (deployment) => ({ deployment }),
      (cause: unknown) => {
        if (!isImprunError(cause) || isUnreachable(cause)) throw cause
        return { refusal: { code: cause.code, detail: cause.message, errors: [...(cause.errors ?? [])] } }
      },
    )
    this.#released.set(this.#ports.mirror.file(key), hashText(code))
    return { function: await api.call('getFunction', { params }), ...outcome }
  }

  /** The same request again, after its answer was lost, must not look like somebody else's save: it carries the same key. */
  #idempotencyKey(file: string, request: string): string {
    const open = this.#unanswered.get(file)
    if (open?.request === request) return open.key
    const key = randomUUID()
    this.#unanswered.set(file, { request, key })
    return key
  }

  async #fail(api: ApiClient, key: FunctionKey, code: string, cause: unknown): Promise<void> {
    if (!isImprunError(cause)) {
      this.#ports.log.error(`Publishing ${key.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`)
      return this.#settle(key, { kind: 'failed', code: 'INTERNAL', detail: 'The file could not be published.', faults: [] })
    }
    if (isUnreachable(cause)) return this.wait(key)
    if (cause.code === 'REVISION_STALE') return this.#settle(key, await this.#meetConflict(api, key, code))
    this.#settle(key, failureOf(cause))
  }

  /** A conflict only when the two really differ: the same text saved from two windows is none. */
  async #meetConflict(api: ApiClient, key: FunctionKey, code: string): Promise<FileState> {
    const theirs = await api.call('getFunction', { params: { gatewayId: key.gatewayId, functionId: key.name } }).catch(() => undefined)
    if (!theirs) return { kind: 'conflict', by: '', at: '' }
    if (theirs.code === code) await this.#ports.mirror.writeRecord(key, { ...theirs, code })
    this.#ports.statuses.setFacts(this.#ports.mirror.file(key), key, theirs)
    return theirs.code === code ? { kind: 'inStep' } : { kind: 'conflict', by: theirs.updatedBy, at: theirs.updatedAt }
  }

  #settle(key: FunctionKey, state: FileState): void {
    this.#unanswered.delete(this.#ports.mirror.file(key))
    this.#ports.statuses.setState(this.#ports.mirror.file(key), key, state)
    this.#ports.onSettled(key, state)
  }
}

const isUnreachable = (cause: unknown) => isImprunError(cause) && cause.code === 'BACKEND_UNREACHABLE'

function outcomeOf({ function: saved, deployment, refusal, republished = [] }: SavedFunction): FileState {
  if (refusal) return { kind: 'refused', code: refusal.code, detail: refusal.detail, faults: refusal.errors }
  if (saved.kind === 'module') return outcomeOfModule(republished)
  if (!deployment) return { kind: 'unpublished' }
  if (deployment.status === 'SUCCESS') return { kind: 'live', version: deployment.version, liveMs: deployment.liveMs }
  const { code = 'DEPLOYMENT_FAILED', detail = deployment.message, errors = [] } = deployment.error ?? {}
  return { kind: 'refused', code, detail, faults: errors }
}

function outcomeOfModule(republished: NonNullable<SavedFunction['republished']>): FileState {
  if (republished.length === 0) return { kind: 'inStep' }
  const other = republished.find((each) => each.refusal !== undefined)
  if (other?.refusal) {
    const { code, detail, errors } = other.refusal
    return { kind: 'refused', code, detail: `${other.functionName}: ${detail}`, faults: errors }
  }
  const liveMs = Math.max(...republished.map(({ deployment }) => deployment?.liveMs ?? 0))
  return { kind: 'republished', names: republished.map(({ functionName }) => functionName), liveMs }
}

function failureOf({ code, message, errors = [] }: ImprunError): FileState {
  return { kind: 'failed', code, detail: message, faults: errors }
}
