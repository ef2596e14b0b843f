import type { InputFault, RunResult } from '@imprun/contracts'
import { isImprunError } from '@imprun/contracts/errors'
import type { EditedRequest } from '@imprun/contracts/webviews/send-request'
import type { ApiClient } from '../api/api-client.ts'
import { Emitter } from '../platform/emitter.ts'
import type { FunctionKey } from '../workspace/mirror-store.ts'

/** How a run ended. `refused`: the code can not be loaded, with its faults. */
export type RunOutcome =
  | { kind: 'answered'; result: RunResult }
  | { kind: 'refused'; message: string; code: string; faults: readonly InputFault[] }
  | { kind: 'cancelled' }

export interface RunWish {
  readonly key: FunctionKey
  readonly functionId: string
  /** The file whose text is run. */
  readonly file: string
  readonly code: string
  readonly request: EditedRequest
}

/** Runs code that is not saved, one run per file at a time; a new run of the same file ends the one before. Knows nothing of VS Code. */
export class Runner {
  readonly #running = new Map<string, AbortController>()
  readonly #changed = new Emitter<string>()
  /** Fires with the file whose run begins or ends. */
  readonly onChanged = this.#changed.event

  isRunning(file: string): boolean {
    return this.#running.has(file)
  }
  cancel(file: string): void {
    this.#running.get(file)?.abort()
  }

  /** @throws ImprunError for everything that is not the code's own fault */
  async run(api: ApiClient, { key, functionId, file, code, request }: RunWish): Promise<RunOutcome> {
    this.cancel(file)
    const mine = new AbortController()
    this.#running.set(file, mine)
    this.#changed.fire(file)
    try {
      const result = await api.call('runFunction', {
        params: { gatewayId: key.gatewayId, functionId },
        body: { code, request: toRunRequest(request) },
        signal: mine.signal,
        timeoutMs: runTimeoutMs,
      })
      return { kind: 'answered', result }
    } catch (error) {
      if (mine.signal.aborted) return { kind: 'cancelled' }
      if (isImprunError(error) && error.code.startsWith('CODE_'))
        return { kind: 'refused', message: error.message, code: error.code, faults: error.errors ?? [] }
      throw error
    } finally {
      if (this.#running.get(file) === mine) this.#running.delete(file)
      this.#changed.fire(file)
    }
  }

  dispose(): void {
    for (const run of this.#running.values()) run.abort()
    this.#changed.dispose()
  }
}

/** Longer than any function may take. */
const runTimeoutMs = 310_000

function toRunRequest({ method, query, headers, body }: EditedRequest) {
  const given = Object.fromEntries(headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]))
  return { method, headers: given, ...(query === '' ? {} : { query }), ...(method === 'GET' || body === '' ? {} : { body }) }
}
