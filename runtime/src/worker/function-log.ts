import type { LoadMessage, LogMessage } from '../frames/frames.ts'
import type { Output } from './output.ts'
import type { StackMapper } from './stack-mapper.ts'

const linesPerSecondMax = 1000

/** What one version of a function logs. The guest counts too; this second count holds even if an author got past the first. */
export class FunctionLog {
  readonly #message: LoadMessage
  readonly #stacks: StackMapper
  readonly #output: Output
  #windowEndsAt = 0
  #linesInWindow = 0

  constructor(message: LoadMessage, stacks: StackMapper, output: Output) {
    this.#message = message
    this.#stacks = stacks
    this.#output = output
  }

  /** @param startedAtMs of the call that is logged about, by `performance.now()` */
  write(level: LogMessage['level'], text: string, requestId: string | undefined, startedAtMs: number | undefined): void {
    const at = Date.now()
    if (at >= this.#windowEndsAt) {
      this.#windowEndsAt = at + 1000
      this.#linesInWindow = 0
    }
    if (++this.#linesInWindow > linesPerSecondMax) return
    const { index, version } = this.#message
    this.#output.log({
      ...{ index, version, level, message: this.#stacks.mapStack(text), at },
      ...(requestId === undefined ? {} : { requestId }),
      ...(startedAtMs === undefined ? {} : { durationMs: Math.round((performance.now() - startedAtMs) * 1000) / 1000 }),
    })
  }
}
