import type { Spares } from './spares.ts'
import type { WorkerProcess } from './worker-process.ts'

/** The wish for one spare: made at most once at a time, and taken back when nobody needs the worker any more. */
export class AwaitedSpare {
  readonly #spares: Pick<Spares, 'take'>
  #cancel: (() => void) | undefined

  constructor(spares: Pick<Spares, 'take'>) {
    this.#spares = spares
  }
  get isAwaited(): boolean {
    return this.#cancel !== undefined
  }
  /** Calls back at once when a spare is ready; does nothing while one is awaited already. */
  request(onWorker: (process: WorkerProcess) => void): void {
    if (this.#cancel !== undefined) return
    let isHere = false
    const cancel = this.#spares.take((process) => {
      isHere = true
      this.#cancel = undefined
      onWorker(process)
    })
    if (!isHere) this.#cancel = cancel
  }
  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
