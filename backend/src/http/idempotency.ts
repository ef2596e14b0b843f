import { ImprunError } from '@imprun/contracts'
import type { Clock } from '../platform/clock.ts'
import { sha256Hex } from '../platform/secrets.ts'
import type { Begun, IdempotencyStore, KeptAnswer } from './idempotency-store.ts'
import type { Input } from './input.ts'

const keyLengthMax = 255
const keyPattern = /^[\x21-\x7e]+$/
/** A caller that repeats a call usually does so because the first answer is slow: it is given that answer, unless it takes longer than this. */
const waitMsMax = 15_000
const lookEveryMs = 50

export interface IdempotentCall {
  ownerId: string
  /** The header as it came. */
  key: string
  route: string
  input: Input
  signal: AbortSignal
}

export interface Idempotency {
  /**
   * Runs `work` once per key; a repetition is given the first answer. An error is not kept, so a refused call may be corrected and sent again.
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, INPUT_INVALID for a malformed key, or what `work` throws.
   */
  once(call: IdempotentCall, work: (callId: string) => Promise<KeptAnswer>): Promise<KeptAnswer & { isReplay: boolean }>
}

export function createIdempotency({ store, clock }: { store: IdempotencyStore; clock: Clock }): Idempotency {
  return {
    async once({ ownerId, key, route, input, signal }, work) {
      checkKey(key)
      const fingerprint = sha256Hex(JSON.stringify([route, input.params, input.query, input.body]))
      const deadlineMs = clock.monotonicMs() + waitMsMax
      for (;;) {
        const begun = await store.begin({ ownerId, key, fingerprint })
        if (begun.outcome === 'run') return { ...(await carryOut(begun, work)), isReplay: false }
        if (begun.outcome === 'replay') return { ...begun.answer, isReplay: true }
        if (begun.outcome === 'other-call') {
          throw new ImprunError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another call. Use a new key for a new call.')
        }
        if (clock.monotonicMs() > deadlineMs) {
          throw new ImprunError('IDEMPOTENCY_KEY_IN_USE', 'The first call with this Idempotency-Key is still running. Ask again shortly.', { retryAfterS: 2 })
        }
        await clock.sleepMs(lookEveryMs, signal)
      }
    },
  }
}

async function carryOut(begun: Begun & { outcome: 'run' }, work: (callId: string) => Promise<KeptAnswer>): Promise<KeptAnswer> {
  try {
    const answer = await work(begun.callId)
    await begun.finish(answer)
    return answer
  } catch (error) {
    // When this fails too, the key frees itself after a while.
    await begun.release().catch(() => {})
    throw error
  }
}

function checkKey(key: string): void {
  if (key.length <= keyLengthMax && keyPattern.test(key)) return
  throw new ImprunError('INPUT_INVALID', `An Idempotency-Key has 1 to ${keyLengthMax} visible ASCII characters.`, {
    errors: [{ field: 'header.Idempotency-Key', message: `Use 1 to ${keyLengthMax} visible ASCII characters.` }],
  })
}
