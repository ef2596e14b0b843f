import { callMetaFixedLines, type InvokeFailedMessage } from '../../frames/frames.ts'
import { resumeCodes } from '../../sandbox/bridge.ts'
import type { Output } from '../output.ts'
import { readBody } from '../request-body.ts'

/** Enters the context that asked, if it is still there. */
type Resume = (code: number, ticket: number, payload: string) => void

export interface Invocation {
  /** The front's id of the call that asks; 0 when it is answered. */
  frontId: number
  functionName: string
  requestId: string
  timeoutMs: number
  headerLines: string
  body: string
}

const openMax = 10_000

/** What functions of this worker ask of each other by `imp.invoke`. It goes through the front: the other function may have no code here, or run elsewhere. */
export class Invocations {
  readonly #output: Output
  readonly #open = new Map<number, { ticket: number; resume: Resume }>()
  #last = 0

  constructor(output: Output) {
    this.#output = output
  }

  begin({ frontId, functionName, requestId, timeoutMs, headerLines, body }: Invocation, ticket: number, resume: Resume): void {
    if (this.#open.size >= openMax) {
      const failed: InvokeFailedMessage = { code: 'INVOKE_TOO_MANY', message: 'Too many calls between functions are under way.', status: 503 }
      // Not before the guest has returned from asking.
      queueMicrotask(() => resume(resumeCodes.invokeFailed, ticket, JSON.stringify(failed)))
      return
    }
    this.#last = (this.#last + 1) >>> 0
    this.#open.set(this.#last, { ticket, resume })
    this.#output.invoke(frontId, `${this.#last}\n${functionName}\n${requestId}\n${timeoutMs}${headerLines}`, body)
  }
  onAnswered(id: number, head: string, buffer: Buffer, bodyAt: number, end: number): void {
    const { ticket, resume } = this.#take(id) ?? {}
    // The head has one fixed line, the status; `readBody` looks for the content type behind those of a call.
    const body = readBody(buffer, bodyAt, end, '\n'.repeat(callMetaFixedLines - 1) + head.slice(head.indexOf('\n')))
    resume?.(resumeCodes.invokeAnswered, ticket as number, `${head}\n\n${body}`)
  }
  onFailed(id: number, message: string): void {
    const { ticket, resume } = this.#take(id) ?? {}
    resume?.(resumeCodes.invokeFailed, ticket as number, message)
  }

  #take(id: number): { ticket: number; resume: Resume } | undefined {
    const found = this.#open.get(id)
    this.#open.delete(id)
    return found
  }
}
