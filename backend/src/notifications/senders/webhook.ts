import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { isSuccess, refusal, type Sender } from './sender.ts'

const prefix = 'whsec_'
const secretBytes = 24

export const newWebhookSecret = (): string => `${prefix}${randomBytes(secretBytes).toString('base64')}`

/** HMAC-SHA256 over id, time and body, as Standard Webhooks has it (https://www.standardwebhooks.com). @param atS Unix time in seconds */
export function sign(secret: string, id: string, atS: number, body: string): string {
  const key = Buffer.from(secret.slice(prefix.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${atS}.${body}`).digest('base64')}`
}

export const createWebhookSender =
  (clock: Pick<Clock, 'now'>): Sender<'webhook'> =>
  async ({ url, secret }, event, post, signal) => {
    const body = JSON.stringify(event)
    const atS = Math.floor(clock.now().getTime() / 1000)
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'imprun',
      'webhook-id': event.id,
      'webhook-timestamp': String(atS),
      'webhook-signature': sign(secret, event.id, atS, body),
    }
    const answer = await post(url, body, headers, signal)
    return isSuccess(answer) ? { isDelivered: true, detail: `It answered ${answer.status}.` } : refusal(answer, '', [])
  }
