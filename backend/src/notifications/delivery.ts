import type { NotificationEvent } from '@imprun/contracts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { NotifierStore, StoredNotifier } from './notifier-store.ts'
import type { Outbox, StoredNotification } from './outbox.ts'
import { PostError } from './senders/guarded-post.ts'
import type { Sent } from './senders/sender.ts'

/** Writes to a notifier's service, whatever it is. Never throws for what the service does. */
export type Send = (notifier: StoredNotifier, event: NotificationEvent, signal: AbortSignal) => Promise<Sent>

/** Empties the outbox. Each event is delivered at least once: a sender that is killed between sending and noting it is followed by one that sends again. */
export interface Delivery {
  start(): void
  /** Something is due. */
  wake(): void
  stop(): Promise<void>
}

/** Longer than a post may take; what is not noted by then is sent again. */
const leaseMs = 60_000
const concurrencyMax = 16
const tickMs = 1_000
const firstRetryMs = 2_000
const longestRetryMs = 3_600_000
/** Some three days of trying. */
const attemptsMax = 80

/** 2 s, doubled each time, at most an hour. */
const retryMs = (attempts: number) => Math.min(firstRetryMs * 2 ** (attempts - 1), longestRetryMs)

export function createDelivery(deps: {
  outbox: Pick<Outbox, 'claim' | 'delivered' | 'failed' | 'removeOf'>
  notifiers: Pick<NotifierStore, 'find' | 'noteAttempt'>
  send: Send
  clock: Clock
  log: Log
}): Delivery {
  const { outbox, notifiers, send, clock, log } = deps
  const stopping = new AbortController()
  /** By notifier: one message at a time, so that they arrive in order as long as all goes well. */
  const sending = new Map<string, Promise<void>>()
  let running: Promise<void> | undefined
  let woken = Promise.withResolvers<void>()

  const deliver = async (claimed: StoredNotification) => {
    const notifier = await notifiers.find(claimed.notifierId)
    if (!notifier) return void (await outbox.removeOf(claimed.notifierId))
    const sent = await send(notifier, claimed.event, stopping.signal)
    if (stopping.signal.aborted && !sent.isDelivered) return
    if (sent.isDelivered) await outbox.delivered(claimed)
    else {
      const isOver = sent.isFinal || claimed.attempts >= attemptsMax
      await outbox.failed(claimed, sent.detail, isOver ? undefined : (sent.retryAfterMs ?? retryMs(claimed.attempts)))
      log.info({ notifierId: notifier._id, eventId: claimed.event.id, detail: sent.detail, isOver }, 'A notification was not delivered')
    }
    await notifiers.noteAttempt(notifier._id, sent.isDelivered, sent.detail)
  }

  const begin = (claimed: StoredNotification) => {
    const work = deliver(claimed)
      .catch((error: unknown) => log.warn({ error, notificationId: claimed._id }, 'How a notification went could not be noted; it is sent again'))
      .finally(() => {
        sending.delete(claimed.notifierId)
        wake()
      })
    sending.set(claimed.notifierId, work)
  }

  const takeDue = async () => {
    while (sending.size < concurrencyMax && !stopping.signal.aborted) {
      const claimed = await outbox.claim(leaseMs, [...sending.keys()])
      if (!claimed) return
      begin(claimed)
    }
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      const news = woken.promise
      await takeDue().catch((error: unknown) => log.warn({ error }, 'Notifications cannot be read at the moment'))
      await Promise.race([news, clock.sleepMs(tickMs, stopping.signal).catch(() => {})])
    }
  }
  const wake = () => {
    woken.resolve()
    woken = Promise.withResolvers()
  }

  return {
    wake,
    start() {
      running = run()
    },
    async stop() {
      stopping.abort()
      await running
      await Promise.all(sending.values())
    },
  }
}

/** Turns a post that found no answer into an outcome like any other. @throws what is nobody's fault but ours */
export async function outcomeOf(sending: Promise<Sent>): Promise<Sent> {
  try {
    return await sending
  } catch (error) {
    if (error instanceof PostError) return { isDelivered: false, detail: error.message, isFinal: error.isFinal }
    throw error
  }
}
