import type { FailedMessage } from '../../frames/frames.ts'
import { requestIdOf, withHeaderLines } from '../call-meta.ts'
import type { Call, CallLink } from '../call-table.ts'
import type { FunctionVersion } from '../function-version.ts'
import type { Output } from '../output.ts'

export interface ChainedCall {
  frontId: number
  meta: string
  body: string
  /** Outermost first, the function last; undefined in place of one that could not be loaded. */
  versions: readonly (FunctionVersion | undefined)[]
}

const failedToLoad: FailedMessage = { code: 'FUNCTION_FAILED', message: 'A middleware of this function could not be loaded.' }
/** A middleware that waits in `next()` reads this when nobody waits for the answer any more. */
export const statusAbandoned = 499

/**
 * One call on its way through middleware to its function. Every part has a context and a call of its own, and whichever answers first answers for all: its
 * answer goes out as it is, also a streamed one, and those before it are told its status. A part is entered and told from a turn of its own, never from
 * inside another one's entry, whose time would run meanwhile.
 */
export class ChainRun {
  readonly #chained: ChainedCall
  readonly #output: Output
  /** Those that were let through, with their calls, outermost first. */
  readonly #passed: { version: FunctionVersion; call: Call<FunctionVersion>; number: number }[] = []

  constructor(chained: ChainedCall, output: Output) {
    this.#chained = chained
    this.#output = output
  }

  begin(): void {
    this.#enter(0, this.#chained.meta, undefined)
  }

  #enter(at: number, meta: string, carry: string | undefined): void {
    const { frontId, body, versions } = this.#chained
    const version = versions[at]
    if (version === undefined) {
      versions.at(-1)?.log('error', failedToLoad.message, requestIdOf(meta))
      this.#output.failed(frontId, failedToLoad)
      this.#tell(500)
      return
    }
    const isLast = at === versions.length - 1
    const link = new Link(version, isLast ? undefined : version.limits.timeoutMs, {
      onPass: (call, headerLines, next) => {
        const { number } = call
        this.#passed.push({ version, call, number })
        queueMicrotask(() => {
          if (version.find(number) !== undefined) this.#enter(at + 1, headerLines === '' ? meta : withHeaderLines(meta, headerLines), next)
        })
      },
      onEnd: (status) => queueMicrotask(() => this.#tell(status)),
    })
    version.call(frontId, meta, body, link, carry)
  }
  /** Innermost first, as their code would go on in one process. */
  #tell(status: number): void {
    for (const { version, call, number } of this.#passed.splice(0).reverse()) {
      // Closed first: what the middleware does wrong from here on is no longer this answer's business.
      if (version.find(number) === call) version.close(call)
      version.onNextAnswered(number, status)
    }
  }
}

interface LinkOwner {
  onPass(call: Call<FunctionVersion>, headerLines: string, carry: string): void
  onEnd(status: number): void
}

/** Where one part of the chain stands. Its clock runs until it has answered or called `next()`. */
class Link implements CallLink<FunctionVersion> {
  readonly #owner: LinkOwner
  readonly #timer: NodeJS.Timeout | undefined
  #call: Call<FunctionVersion> | undefined
  #hasPassed = false

  /** @param timeoutMs undefined for the function itself, whose time the front keeps */
  constructor(version: FunctionVersion, timeoutMs: number | undefined, owner: LinkOwner) {
    this.#owner = owner
    if (timeoutMs === undefined) return
    const message = `The middleware neither answered nor called next() within ${timeoutMs} ms.`
    this.#timer = setTimeout(() => {
      if (this.#call?.link === this) version.failures.fail(this.#call, { code: 'FUNCTION_TIMED_OUT', message })
    }, timeoutMs)
  }
  onOpened(call: Call<FunctionVersion>): void {
    this.#call = call
  }
  next(headerLines: string, carry: string): void {
    clearTimeout(this.#timer)
    // The guest sees to it as well; but whatever calls the host twice must not run what comes next twice.
    if (this.#call === undefined || this.#hasPassed) return
    this.#hasPassed = true
    this.#owner.onPass(this.#call, headerLines, carry)
  }
  onAnswered(status: number): void {
    clearTimeout(this.#timer)
    this.#owner.onEnd(status)
  }
}
