import { type FailedMessage, type LogMessage, type RefusedMessage, type SendFrame, toFront } from '../frames/frames.ts'

/** What the worker tells the front. */
export interface Output {
  done(id: number): void
  refused(id: number, refusal: RefusedMessage): void
  pong(id: number): void
  /** Has left the process when this returns, so that no effect can be ahead of it. */
  crossed(id: number): void
  /** @param text head + "\n\n" + body, see frames */
  answer(id: number, text: string): void
  answerBytes(id: number, head: string, bytes: Uint8Array): void
  answerStart(id: number, head: string): void
  answerChunk(id: number, chunk: string | Uint8Array): void
  answerEnd(id: number): void
  failed(id: number, failure: FailedMessage): void
  log(entry: LogMessage): void
  /** A call for another function; the call that asks counts as crossed by it. */
  invoke(frontId: number, meta: string, body: string): void
  /** How many promises of `imp.waitUntil` are waited for. */
  background(count: number): void
  /** What is sent after it about calls of this version goes by it. */
  expelled(index: number, version: string): void
  /** Nothing of the call has left the worker, and nothing of it runs here any more. */
  returned(id: number): void
  /** What has been said leaves now and not at the end of the turn. */
  flush(): void
}

export function createOutput({ send, flush }: { send: SendFrame; flush: () => void }): Output {
  const sendJson = (id: number, kind: number, value: unknown): void => send(id, kind, '', JSON.stringify(value), 'utf8')
  return {
    done(id) {
      send(id, toFront.done, '', '', 'latin1')
      // A publish is not acknowledged later because calls came in the same turn.
      flush()
    },
    refused: (id, refusal) => sendJson(id, toFront.refused, refusal),
    pong: (id) => send(id, toFront.pong, '', '', 'latin1'),
    crossed(id) {
      send(id, toFront.crossed, '', '', 'latin1')
      flush()
    },
    answer: (id, text) => send(id, text.indexOf('\n\n'), '', text, 'utf8'),
    answerBytes: (id, head, bytes) => send(id, toFront.answerBytes, head, bytes, 'latin1'),
    answerStart: (id, head) => send(id, toFront.answerStart, head, '', 'latin1'),
    answerChunk: (id, chunk) => send(id, toFront.answerChunk, '', chunk, 'utf8'),
    answerEnd: (id) => send(id, toFront.answerEnd, '', '', 'latin1'),
    failed(id, failure) {
      sendJson(id, toFront.failed, failure)
      // A timed-out entry held the loop for a second and the next may do so too: silence would be taken for a hang.
      if (failure.code === 'FUNCTION_TIMED_OUT') flush()
    },
    log: (entry) => sendJson(0, toFront.log, entry),
    invoke: (frontId, meta, body) => send(frontId, toFront.invoke, meta, body, 'utf8'),
    background: (count) => send(count, toFront.background, '', '', 'latin1'),
    expelled: (index, version) => send(index, toFront.expelled, '', version, 'utf8'),
    returned: (id) => send(id, toFront.returned, '', '', 'latin1'),
    flush,
  }
}
