import type { Call } from '../call-table.ts'
import type { FunctionVersion } from '../function-version.ts'

/** Of one version. The guest allows less; this bound holds even if an author got past it. */
const worksMax = 10_000

/** Work that functions do after their answer, for the whole worker: as long as some is under way, nobody may take the worker or a version away. */
export class Background {
  readonly #onChange: (count: number) => void
  #count = 0

  /** @param onChange told when the count begins or ceases to be 0 */
  constructor(onChange: (count: number) => void) {
    this.#onChange = onChange
  }
  get count(): number {
    return this.#count
  }
  openSession(version: FunctionVersion): BackgroundSession {
    return new BackgroundSession(version, (change) => {
      const before = this.#count
      this.#count += change
      if (before === 0 || this.#count === 0) this.#onChange(this.#count)
    })
  }
}

/** The same for one version: each work has the function's time limit from its call's answer on. */
export class BackgroundSession {
  readonly #version: FunctionVersion
  readonly #count: (change: 1 | -1) => void
  readonly #works = new Map<number, NodeJS.Timeout | undefined>()

  constructor(version: FunctionVersion, count: (change: 1 | -1) => void) {
    this.#version = version
    this.#count = count
  }
  get isEmpty(): boolean {
    return this.#works.size === 0
  }
  begin(work: number, call: Call<FunctionVersion> | undefined, requestId: string | undefined): void {
    if (this.#works.size >= worksMax || this.#works.has(work)) return
    this.#works.set(work, undefined)
    this.#count(1)
    const startClock = (): void => {
      if (this.#works.has(work))
        this.#works.set(
          work,
          setTimeout(() => this.#giveUp(work, requestId), this.#version.limits.timeoutMs),
        )
    }
    if (call === undefined) return startClock()
    const { onClosed } = call
    call.onClosed = () => {
      onClosed?.()
      startClock()
    }
  }
  end(work: number): void {
    if (!this.#works.has(work)) return
    clearTimeout(this.#works.get(work))
    this.#works.delete(work)
    this.#count(-1)
  }
  close(): void {
    for (const work of [...this.#works.keys()]) this.end(work)
  }
  #giveUp(work: number, requestId: string | undefined): void {
    const { timeoutMs } = this.#version.limits
    this.#version.log('error', `Work after the answer took longer than ${timeoutMs} ms and is no longer waited for.`, requestId)
    this.end(work)
  }
}
