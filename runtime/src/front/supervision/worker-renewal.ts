import { AwaitedSpare } from './awaited-spare.ts'
import type { Spares } from './spares.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Puts a fresh worker in the place of one that has other memory than its environment's settings say; the old one goes on until the new one is there. */
export class WorkerRenewal {
  readonly #spare: AwaitedSpare
  #underWay: PromiseWithResolvers<void> | undefined

  constructor(spares: Pick<Spares, 'take'>) {
    this.#spare = new AwaitedSpare(spares)
  }
  get isUnderWay(): boolean {
    return this.#underWay !== undefined
  }
  /**
   * @param replace puts the worker in its place and settles when it goes by the settings; not called while another renewal waits for its worker
   * @returns when the worker is replaced, or the renewal was cancelled
   */
  begin(replace: (process: WorkerProcess) => Promise<void>): Promise<void> {
    if (this.#underWay !== undefined) return this.#underWay.promise
    const renewal = Promise.withResolvers<void>()
    this.#underWay = renewal
    this.#spare.request((process) => {
      this.#underWay = undefined
      void replace(process).then(renewal.resolve)
    })
    return renewal.promise
  }
  cancel(): void {
    this.#spare.cancel()
    this.#underWay?.resolve()
    this.#underWay = undefined
  }
}
