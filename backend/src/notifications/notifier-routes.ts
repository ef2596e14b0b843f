import type { NotificationEvent, Notifier, NotifierTarget } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import type { Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Send } from './delivery.ts'
import type { NotifierStore, SealedTarget, StoredNotifier } from './notifier-store.ts'
import type { Outbox, StoredNotification } from './outbox.ts'
import { newWebhookSecret } from './senders/webhook.ts'

type RouteNames = 'createNotifier' | 'listNotifiers' | 'patchNotifier' | 'deleteNotifier' | 'testNotifier' | 'listNotifications'

export function createNotifierRoutes({
  gateways,
  notifiers,
  outbox,
  send,
  clock,
}: {
  gateways: OwnedGateways
  notifiers: NotifierStore
  outbox: Outbox
  send: Send
  clock: Clock
}): Pick<Handlers, RouteNames> {
  return {
    async createNotifier({ params, body, account, audit }) {
      audit({ name: body.name, kind: body.target.kind })
      const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
      const { target, secret } = complete(body.target)
      const stored = await notifiers.insert({ gatewayId, name: body.name, rules: body.rules, target, createdBy: account })
      audit({ notifierId: stored._id, destination: stored.destination })
      return { ...toView(stored), ...secret }
    },
    async listNotifiers({ params, query, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      return toPage(await notifiers.list(gatewayId, query), query.limit, ({ _id }) => _id, toView)
    },
    async patchNotifier({ params, body: { target: wanted, ...body }, account, audit }) {
      audit({ notifierId: params.notifierId, changes: Object.keys({ ...body, ...(wanted ? { target: wanted } : {}) }) })
      const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
      const { target, secret } = wanted ? complete(wanted) : { target: undefined, secret: {} }
      const changes = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
      return { ...toView(await notifiers.change(gatewayId, params.notifierId, { ...changes, target })), ...secret }
    },
    async deleteNotifier({ params, account, audit }) {
      audit({ notifierId: params.notifierId })
      const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
      await notifiers.remove(gatewayId, params.notifierId)
      await outbox.removeOf(params.notifierId)
      return {}
    },
    async testNotifier({ params, account, signal, audit }) {
      audit({ notifierId: params.notifierId })
      const { gatewayId } = await gateways.getChangeable(params.gatewayId, account.userId)
      const notifier = await notifiers.get(gatewayId, params.notifierId)
      const { isDelivered, detail } = await send(notifier, testEvent(gatewayId, account.name, clock.now()), signal)
      await notifiers.noteAttempt(notifier._id, isDelivered, detail)
      return toView(await notifiers.get(gatewayId, notifier._id))
    },
    async listNotifications({ params, query, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      const { _id } = await notifiers.get(gatewayId, params.notifierId)
      return toPage(await outbox.listOf(_id, query), query.limit, ({ createdAt }) => createdAt.toISOString(), toNotificationView)
    },
  }
}

/** A webhook without a secret is given one; only then there is one to tell. */
function complete(target: NotifierTarget): { target: SealedTarget; secret: { secret?: string } } {
  if (target.kind !== 'webhook') return { target, secret: {} }
  if (target.secret !== undefined) return { target: { ...target, secret: target.secret }, secret: {} }
  const secret = newWebhookSecret()
  return { target: { ...target, secret }, secret: { secret } }
}

const testEvent = (gatewayId: string, by: string, at: Date): NotificationEvent => ({
  id: `${newId()}.test`,
  type: 'test',
  timestamp: at.toISOString(),
  data: { gatewayId, by, message: `This is what messages of ${gatewayId} look like.` },
})

const toView = ({ _id, gatewayId, name, kind, destination, rules, isPaused, lastAttempt, createdAt, createdBy }: StoredNotifier): Notifier => ({
  notifierId: _id,
  gatewayId,
  name,
  kind,
  destination,
  rules,
  isPaused,
  ...(lastAttempt ? { lastAttempt: { ...lastAttempt, at: lastAttempt.at.toISOString() } } : {}),
  createdAt: createdAt.toISOString(),
  createdBy: createdBy.name,
})

const toNotificationView = ({ _id, notifierId, event, state, attempts, lastError, nextAttemptAt, createdAt }: StoredNotification) => ({
  notificationId: _id,
  notifierId,
  event,
  state,
  attempts,
  ...(lastError === undefined ? {} : { lastError }),
  ...(state === 'due' ? { nextAttemptAt: nextAttemptAt.toISOString() } : {}),
  createdAt: createdAt.toISOString(),
})
