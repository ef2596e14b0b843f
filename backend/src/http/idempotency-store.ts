import { Binary } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { idempotencyTtlS } from '../database/indexes.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Secrets } from '../platform/secrets.ts'

interface StoredKey {
  _id: string
  ownerId: string
  key: string
  /** Of route and input: the same key for another call is a mistake of the caller. */
  fingerprint: string
  state: 'running' | 'done'
  /** Who runs it: a holder that was taken for dead must not finish it any more. */
  holder: string
  /** The backend it runs in, across its restarts. */
  lockedBy: string
  lockedAt: Date
  status?: number
  /** Answers may hold a new API key, so they are kept encrypted. */
  sealedAnswer?: Binary
  createdAt: Date
}

export interface KeptAnswer {
  status: number
  body: unknown
}

export type Begun =
  /** `callId` stays the same when a call is begun again after a crash. */
  | { outcome: 'run'; callId: string; finish(answer: KeptAnswer): Promise<void>; release(): Promise<void> }
  | { outcome: 'replay'; answer: KeptAnswer }
  | { outcome: 'running' }
  | { outcome: 'other-call' }

export interface IdempotencyStore {
  begin(call: { ownerId: string; key: string; fingerprint: string }): Promise<Begun>
  /** Frees the keys that an earlier life of this backend held when it was killed: a caller who comes back need not wait until their locks are old. */
  releaseHeldBefore(): Promise<void>
}

/** Longer than any route takes. A backend that died in the middle and does not come back blocks its key for so long. */
const lockTtlMs = 90_000
const sealPurpose = 'idempotency-answer'

export function createIdempotencyStore({
  database,
  secrets,
  clock,
  lockedBy,
}: {
  database: Database
  secrets: Secrets
  clock: Clock
  /** Names this process across its restarts; no two that live at once share one. */
  lockedBy: string
}): IdempotencyStore {
  const keys = database.sys.collection<StoredKey>('idempotencyKeys')

  const run = (_id: string, holder: string): Begun => ({
    outcome: 'run',
    callId: _id,
    async finish({ status, body }) {
      const sealedAnswer = new Binary(secrets.seal(sealPurpose, JSON.stringify(body ?? null)))
      await keys.updateOne({ _id, holder }, { $set: { state: 'done', status, sealedAnswer } })
    },
    release: async () => void (await keys.deleteOne({ _id, holder, state: 'running' })),
  })

  return {
    async begin({ ownerId, key, fingerprint }) {
      const now = clock.now()
      const [_id, holder] = [newId(), newId()]
      try {
        await keys.insertOne({ _id, ownerId, key, fingerprint, state: 'running', holder, lockedBy, lockedAt: now, createdAt: now })
        return run(_id, holder)
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
      const stored = await keys.findOne({ ownerId, key })
      if (!stored) return { outcome: 'running' }
      if (now.getTime() - stored.createdAt.getTime() >= idempotencyTtlS * 1_000) {
        // MongoDB removes what is too old about once a minute; the caller is looked at again at once.
        await keys.deleteOne({ _id: stored._id })
        return { outcome: 'running' }
      }
      if (stored.fingerprint !== fingerprint) return { outcome: 'other-call' }
      if (stored.state === 'done' && stored.sealedAnswer && stored.status !== undefined) {
        return { outcome: 'replay', answer: { status: stored.status, body: JSON.parse(secrets.unseal(sealPurpose, stored.sealedAnswer.buffer)) } }
      }
      const dead = { _id: stored._id, state: 'running' as const, lockedAt: { $lt: new Date(now.getTime() - lockTtlMs) } }
      const taken = await keys.findOneAndUpdate(dead, { $set: { holder, lockedBy, lockedAt: now } })
      return taken ? run(stored._id, holder) : { outcome: 'running' }
    },
    async releaseHeldBefore() {
      await keys.updateMany({ lockedBy, state: 'running' }, { $set: { lockedAt: new Date(0) } })
    },
  }
}
