import type { Clock } from '../../platform/clock.ts'
import { outcomeOf, type Send } from '../delivery.ts'
import type { NotifierStore } from '../notifier-store.ts'
import { createGuardedPost } from './guarded-post.ts'
import { sendToSlack } from './slack.ts'
import { createTelegramSender } from './telegram.ts'
import { createWebhookSender } from './webhook.ts'

export interface NotifySettings {
  /** Of Telegram, or of a Bot API server of one's own; it needs no opening. */
  telegramApiUrl: string
  /** Hosts that notifiers may reach though their address is private. */
  allowedHosts: readonly string[]
}

/** One sender for each kind of target. */
export function createSend({
  notifiers,
  clock,
  settings: { telegramApiUrl, allowedHosts },
}: {
  notifiers: Pick<NotifierStore, 'open'>
  clock: Clock
  settings: NotifySettings
}): Send {
  const post = createGuardedPost(allowedHosts)
  const postToTelegram = createGuardedPost([...allowedHosts, new URL(telegramApiUrl).hostname])
  const sendToTelegram = createTelegramSender(telegramApiUrl)
  const sendToWebhook = createWebhookSender(clock)
  return (notifier, event, signal) => {
    const target = notifiers.open(notifier)
    switch (target.kind) {
      case 'telegram':
        return outcomeOf(sendToTelegram(target, event, postToTelegram, signal))
      case 'slack':
        return outcomeOf(sendToSlack(target, event, post, signal))
      case 'webhook':
        return outcomeOf(sendToWebhook(target, event, post, signal))
    }
  }
}
