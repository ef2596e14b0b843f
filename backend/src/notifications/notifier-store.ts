import { ImprunError, type NotificationRules, type NotifierTarget, notifierTargetSchema, type PageQuery } from '@imprun/contracts'
import { Binary } from 'mongodb'
import type { Database } from '../database/database.ts'
import { decodeCursor } from '../database/paging.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Secrets } from '../platform/secrets.ts'

/** A target that has all it needs to be written to. */
export type SealedTarget = Exclude<NotifierTarget, { kind: 'webhook' }> | (Extract<NotifierTarget, { kind: 'webhook' }> & { secret: string })

export interface StoredNotifier {
  _id: string
  gatewayId: string
  name: string
  kind: NotifierTarget['kind']
  destination: string
  /** The whole target, sealed: tokens, and addresses that let anyone write. */
  sealedTarget: Binary
  rules: NotificationRules
  isPaused: boolean
  lastAttempt?: { at: Date; isDelivered: boolean; detail: string }
  createdAt: Date
  createdBy: Caller
}

export type NotifierChanges = Partial<Pick<StoredNotifier, 'name' | 'rules' | 'isPaused'>> & { target?: SealedTarget | undefined }

export interface NotifierStore {
  insert(facts: Pick<StoredNotifier, 'gatewayId' | 'name' | 'rules' | 'createdBy'> & { target: SealedTarget }): Promise<StoredNotifier>
  /** @throws NOTIFIER_NOT_FOUND */
  get(gatewayId: string, notifierId: string): Promise<StoredNotifier>
  find(notifierId: string): Promise<StoredNotifier | undefined>
  /** Newest first; one more than the limit when there is a next page. */
  list(gatewayId: string, query: PageQuery): Promise<StoredNotifier[]>
  /** Those that tell at present, of one gateway or of all. */
  listActive(gatewayId?: string): Promise<StoredNotifier[]>
  /** @throws NOTIFIER_NOT_FOUND */
  change(gatewayId: string, notifierId: string, changes: NotifierChanges): Promise<StoredNotifier>
  noteAttempt(notifierId: string, isDelivered: boolean, detail: string): Promise<void>
  /** @throws NOTIFIER_NOT_FOUND */
  remove(gatewayId: string, notifierId: string): Promise<void>
  removeAll(gatewayId: string): Promise<void>
  /** @throws Error when the installation's key is another than the one it was sealed with. */
  open(notifier: StoredNotifier): SealedTarget
}

/** Of one gateway: what happens in it is told to each. */
export const notifiersMax = 20

const purposeOf = (notifierId: string) => `notifier:${notifierId}`

/** What may be shown of a target. */
export function describeTarget(target: NotifierTarget): string {
  if (target.kind === 'telegram') return `chat ${target.chatId}`
  const { host } = new URL(target.url)
  // The path of a Slack webhook is its password, and that of any other may be.
  return host
}

export function createNotifierStore({ database, secrets, clock }: { database: Database; secrets: Secrets; clock: Clock }): NotifierStore {
  const notifiers = database.sys.collection<StoredNotifier>('notifiers')
  const sealed = (notifierId: string, target: SealedTarget) => ({
    kind: target.kind,
    destination: describeTarget(target),
    sealedTarget: new Binary(secrets.seal(purposeOf(notifierId), JSON.stringify(target))),
  })
  const present = (notifier: StoredNotifier | null, notifierId: string) => {
    if (!notifier) throw new ImprunError('NOTIFIER_NOT_FOUND', `There is no notifier "${notifierId}" in this gateway.`)
    return notifier
  }

  return {
    async insert({ target, ...facts }) {
      if ((await notifiers.countDocuments({ gatewayId: facts.gatewayId }, { limit: notifiersMax })) >= notifiersMax) {
        throw new ImprunError('QUOTA_EXCEEDED', `A gateway has at most ${notifiersMax} notifiers. Remove one, or widen the rules of another.`)
      }
      const _id = newId()
      const notifier: StoredNotifier = { _id, ...facts, ...sealed(_id, target), isPaused: false, createdAt: clock.now() }
      await notifiers.insertOne(notifier)
      return notifier
    },
    get: async (gatewayId, notifierId) => present(await notifiers.findOne({ _id: notifierId, gatewayId }), notifierId),
    find: async (notifierId) => (await notifiers.findOne({ _id: notifierId })) ?? undefined,
    list: (gatewayId, { limit, cursor, filter }) =>
      notifiers
        .find({ gatewayId, ...(cursor ? { _id: { $lt: decodeCursor(cursor) } } : {}), ...(filter ? { name: filter } : {}) })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .toArray(),
    listActive: (gatewayId) => notifiers.find({ isPaused: false, ...(gatewayId === undefined ? {} : { gatewayId }) }).toArray(),
    async change(gatewayId, notifierId, { target, ...changes }) {
      const set = { ...changes, ...(target ? sealed(notifierId, target) : {}) }
      return present(await notifiers.findOneAndUpdate({ _id: notifierId, gatewayId }, { $set: set }, { returnDocument: 'after' }), notifierId)
    },
    async noteAttempt(notifierId, isDelivered, detail) {
      await notifiers.updateOne({ _id: notifierId }, { $set: { lastAttempt: { at: clock.now(), isDelivered, detail } } })
    },
    async remove(gatewayId, notifierId) {
      const { deletedCount } = await notifiers.deleteOne({ _id: notifierId, gatewayId })
      if (deletedCount === 0) present(null, notifierId)
    },
    async removeAll(gatewayId) {
      await notifiers.deleteMany({ gatewayId })
    },
    open: ({ _id, sealedTarget }) => {
      const target = notifierTargetSchema.parse(JSON.parse(secrets.unseal(purposeOf(_id), sealedTarget.buffer)))
      if (target.kind !== 'webhook') return target
      if (target.secret === undefined) throw new Error(`The webhook of notifier ${_id} was kept without its secret.`)
      return { ...target, secret: target.secret }
    },
  }
}
