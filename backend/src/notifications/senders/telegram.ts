import * as z from 'zod'
import { headline, lines } from './message.ts'
import { isSuccess, refusal, type Sender } from './sender.ts'

/** https://core.telegram.org/bots/api#making-requests */
const answerSchema = z.object({
  ok: z.boolean(),
  description: z.string().optional(),
  parameters: z.object({ retry_after: z.number().optional() }).optional(),
})

/** A message has at most 4,096 characters. */
const textMax = 4_096

/** What follows the bot's number. */
const secretOf = (botToken: string) => botToken.slice(botToken.indexOf(':') + 1)

/** @param apiUrl of Telegram, or of a Bot API server of one's own. The bot's token is part of every address there; it is never logged. */
export const createTelegramSender =
  (apiUrl: string): Sender<'telegram'> =>
  async ({ botToken, chatId }, event, post, signal) => {
    const text = [headline(event), ...lines(event)].join('\n').slice(0, textMax)
    const body = JSON.stringify({ chat_id: chatId, text, link_preview_options: { is_disabled: true } })
    const answer = await post(`${apiUrl}/bot${botToken}/sendMessage`, body, { 'content-type': 'application/json' }, signal)
    const said = answerSchema.safeParse(parseJson(answer.text)).data
    if (isSuccess(answer) && said?.ok) return { isDelivered: true, detail: 'Telegram took the message.' }
    const retryAfterS = said?.parameters?.retry_after
    return { ...refusal(answer, said?.description ?? '', [secretOf(botToken)]), ...(retryAfterS === undefined ? {} : { retryAfterMs: retryAfterS * 1000 }) }
  }

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
