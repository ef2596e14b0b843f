import type { NotificationEvent, NotificationType, notificationStates, PageQuery } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { decodeCursor } from '../database/paging.ts'

/** One event for one notifier. The id is made of both, so that an event that is found twice is told once. */
export interface StoredNotification {
  _id: string
  gatewayId: string
  notifierId: string
  event: NotificationEvent & { type: NotificationType }
  state: (typeof notificationStates)[number]
  attempts: number
  /** While somebody sends it, when it is taken for abandoned. By the database's clock. */
  nextAttemptAt: Date
  lastError?: string
  createdAt: Date
}

/** What waits to be told. Any backend may send any of it. */
export interface Outbox {
  /** Does nothing for what is there already, told or not. @returns whether it is new. */
  put(notification: Pick<StoredNotification, 'gatewayId' | 'notifierId' | 'event'>): Promise<boolean>
  /** Takes what is due, for `leaseMs`. @param exceptNotifierIds that are being written to: one slow service never holds up the others. */
  claim(leaseMs: number, exceptNotifierIds: readonly string[]): Promise<StoredNotification | undefined>
  /** @returns false when another sender has taken over meanwhile. */
  delivered(claimed: StoredNotification): Promise<boolean>
  /** @param retryAfterMs undefined gives it up. */
  failed(claimed: StoredNotification, detail: string, retryAfterMs: number | undefined): Promise<boolean>
  /** Newest first; one more than the limit when there is a next page. */
  listOf(notifierId: string, query: PageQuery): Promise<StoredNotification[]>
  removeOf(notifierId: string): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

export function createOutbox(database: Database): Outbox {
  const notifications = database.sys.collection<StoredNotification>('notifications')
  /** Every claim counts an attempt, so the number tells a claim from a later one. */
  const mine = ({ _id, attempts }: StoredNotification) => ({ _id, attempts, state: 'due' as const })

  return {
    async put({ gatewayId, notifierId, event }) {
      try {
        const { upsertedCount } = await notifications.updateOne(
          { _id: `${event.id}/${notifierId}` },
          [
            {
              $replaceWith: {
                $cond: [
                  { $eq: [{ $type: '$state' }, 'missing'] },
                  {
                    $mergeObjects: [
                      '$$ROOT',
                      { gatewayId, notifierId, event: { $literal: event }, state: 'due', attempts: 0, nextAttemptAt: '$$NOW', createdAt: '$$NOW' },
                    ],
                  },
                  '$$ROOT',
                ],
              },
            },
          ],
          { upsert: true },
        )
        return upsertedCount === 1
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    },
    async claim(leaseMs, exceptNotifierIds) {
      const claimed = await notifications.findOneAndUpdate(
        {
          state: 'due',
          $expr: { $lte: ['$nextAttemptAt', '$$NOW'] },
          ...(exceptNotifierIds.length > 0 ? { notifierId: { $nin: [...exceptNotifierIds] } } : {}),
        },
        [{ $set: { attempts: { $add: ['$attempts', 1] }, nextAttemptAt: { $add: ['$$NOW', leaseMs] } } }],
        { sort: { nextAttemptAt: 1 }, returnDocument: 'after' },
      )
      return claimed ?? undefined
    },
    async delivered(claimed) {
      const { matchedCount } = await notifications.updateOne(mine(claimed), { $set: { state: 'delivered' }, $unset: { lastError: '' } })
      return matchedCount === 1
    },
    async failed(claimed, detail, retryAfterMs) {
      const { matchedCount } = await notifications.updateOne(mine(claimed), [
        {
          $set: {
            lastError: { $literal: detail },
            ...(retryAfterMs === undefined ? { state: 'given-up' } : { nextAttemptAt: { $add: ['$$NOW', retryAfterMs] } }),
          },
        },
      ])
      return matchedCount === 1
    },
    listOf: (notifierId, { limit, cursor }) =>
      notifications
        .find({ notifierId, ...(cursor ? { createdAt: { $lt: new Date(decodeCursor(cursor)) } } : {}) })
        .sort({ createdAt: -1 })
        .limit(limit + 1)
        .toArray(),
    async removeOf(notifierId) {
      await notifications.deleteMany({ notifierId })
    },
    async removeAll(gatewayId) {
      await notifications.deleteMany({ gatewayId })
    },
  }
}
