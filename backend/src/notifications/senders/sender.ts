import type { NotificationEvent } from '@imprun/contracts'
import type { SealedTarget } from '../notifier-store.ts'
import type { Post, PostAnswer } from './guarded-post.ts'

/** How a service answered. `retryAfterMs` only where it said when to come back. */
export type Sent = { isDelivered: true; detail: string } | { isDelivered: false; detail: string; isFinal: boolean; retryAfterMs?: number }

/** Writes one event to one kind of service. @throws PostError when no answer came. */
export type Sender<Kind extends SealedTarget['kind']> = (
  target: Extract<SealedTarget, { kind: Kind }>,
  event: NotificationEvent,
  post: Post,
  signal: AbortSignal,
) => Promise<Sent>

/** What 4xx says will be said again, but for these: the service was not ready, or wants fewer requests. */
const passing = new Set([408, 425, 429])

/**
 * @param said by the service; the status stands for it where that is nothing
 * @param secrets what of it nobody may read: a service may well repeat the address that it was asked at
 */
export function refusal({ status, headers }: PostAnswer, said: string, secrets: readonly string[]): Sent {
  const retryAfterS = Number(headers['retry-after'])
  const detail = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), said).slice(0, 200)
  return {
    isDelivered: false,
    detail: detail === '' ? `It answered ${status}.` : `It answered ${status}: ${detail}`,
    isFinal: status >= 300 && status < 500 && !passing.has(status),
    ...(retryAfterS > 0 ? { retryAfterMs: retryAfterS * 1000 } : {}),
  }
}

export const isSuccess = ({ status }: PostAnswer): boolean => status >= 200 && status < 300
