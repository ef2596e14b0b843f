import type { ErrorCode } from '@imprun/contracts'
import type { RefusedMessage } from '../../frames/frames.ts'
import type { FunctionEntry, FunctionSource } from '../environment.ts'

/** What a call may want of the worker that has it. */
export interface CallWorker {
  /** Forgets a call whose answer nobody reads. */
  abort(call: Call): void
  /** Holds or lets go the chunks of a streamed answer. */
  hold(call: Call, isHeld: boolean): void
}

/** One request on its way to a function and back, as supervision sees it; the HTTP side implements it. Exactly one of the endings happens. */
export interface Call {
  readonly entry: FunctionEntry
  readonly requestId: string
  /** CallMeta lines and the request's bytes (latin1); kept until the call ends, because it may be sent again. */
  readonly meta: string
  readonly body: string
  /** By `performance.now()`. */
  readonly deadlineAtMs: number
  /** The worker has said that the call touched the outside world, or its answer has begun: it is not sent again. */
  hasCrossed: boolean
  sentCount: number
  /** The worker that has it, and its id there; undefined while it waits. An environment may have more than one worker for a while. */
  worker: CallWorker | undefined
  id: number
  /** Ended, or nobody waits for it any more. */
  isDone: boolean
  /** Another call waits for this one: it takes no place of its own, for else callers that fill all places would wait for each other. */
  readonly isNested?: boolean
  /** `buffer` is only good during the call. */
  onWhole(head: string, buffer: Buffer, at: number, end: number): void
  onStart(head: string, buffer: Buffer, at: number, end: number): void
  onChunk(buffer: Buffer, at: number, end: number): void
  onEnd(): void
  onFailed(code: ErrorCode): void
}

export type LoadOutcome = { outcome: 'loaded' } | { outcome: 'refused'; refusal: RefusedMessage } | { outcome: 'abandoned' }

/** A version on its way into a worker. */
export interface Load {
  readonly entry: Pick<FunctionEntry, 'index' | 'name' | 'limits' | 'isUnsaved'>
  readonly source: FunctionSource
  /** It serves already and is loaded because the worker lacks it. */
  readonly isServing?: boolean
  sentCount: number
  onSettled(outcome: LoadOutcome): void
}
