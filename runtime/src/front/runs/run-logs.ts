import type { RunLog } from '@imprun/contracts'
import type { LogMessage } from '../../frames/frames.ts'

const linesMax = 500
const charactersMax = 512 * 1024

/** What one run logged; bounded, because it travels in the answer. */
export class RunLogs {
  readonly taken: RunLog[] = []
  #characters = 0
  #isFull = false

  add({ level, message, at, durationMs }: LogMessage): void {
    if (this.#isFull) return
    this.#characters += message.length
    this.#isFull = this.taken.length >= linesMax || this.#characters > charactersMax
    const line: Pick<RunLog, 'level' | 'message'> = this.#isFull ? { level: 'warn', message: 'More was logged than a run can show.' } : { level, message }
    this.taken.push({ ...line, at: new Date(at).toISOString(), ...(durationMs === undefined ? {} : { durationMs }) })
  }
}
