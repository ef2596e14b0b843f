import { strict as assert } from 'node:assert'
import type { NotificationEvent } from '@imprun/contracts'
import type { Post } from './guarded-post.ts'
import { sendToSlack } from './slack.ts'
import { createTelegramSender } from './telegram.ts'

const event: NotificationEvent = { id: 'one', type: 'test', timestamp: '2026-11-23T00:00:00Z', data: { gatewayId: 'shop', message: 'Hello.' } }
const signal = new AbortController().signal
/** A service that repeats the address that it was asked at. */
const repeating: Post = async (url) => ({ status: 404, headers: {}, text: JSON.stringify({ ok: false, description: `Cannot POST ${url}.` }) })

describe('what is kept of a service that refuses', () => {
  it('is what it said, without the part of the address that lets anyone write', async () => {
    const toSlack = await sendToSlack({ kind: 'slack', url: 'https://example.com/services/T0/B0/letmewrite?key=andmetoo' }, event, repeating, signal)
    assert.equal(toSlack.detail, 'It answered 404: {"ok":false,"description":"Cannot POST https://example.com/…/T0/B0/…?key=…."}')

    const target = { kind: 'telegram', botToken: '123456:letmewrite-letmewrite', chatId: '-1001' } as const
    const toTelegram = await createTelegramSender('https://example.com')(target, event, repeating, signal)
    assert.equal(toTelegram.detail, 'It answered 404: Cannot POST https://example.com/bot123456:…/sendMessage.')
  })
})
