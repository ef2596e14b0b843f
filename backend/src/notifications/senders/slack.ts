import type { NotificationEvent } from '@imprun/contracts'
import { headline, lines } from './message.ts'
import { isSuccess, refusal, type Sender } from './sender.ts'

/** A section's text has at most 3,000 characters (https://docs.slack.dev/reference/block-kit/blocks/section-block). */
const textMax = 3_000

/** The three characters that Slack reads as its own (https://docs.slack.dev/messaging/formatting-message-text). */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const bodyOf = (event: NotificationEvent) => {
  const text = escaped(lines(event).join('\n')).slice(0, textMax)
  return {
    // What notifications and screen readers say; the blocks are what is seen.
    text: `${headline(event)}\n${text}`,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: `*${headline(event)}*\n${text}`.slice(0, textMax) } }],
  }
}

/** What is shorter gives nothing away, and may well be part of a word. */
const pieceCharsMin = 6

/** What lets anyone write who knows it, in pieces: a service may write the address its own way. The longest first, so that none is left over of another. */
function piecesOf(text: string): string[] {
  const { pathname, search } = new URL(text)
  return `${pathname}${search}`
    .split(/[/?&=]/)
    .filter(({ length }) => length >= pieceCharsMin)
    .toSorted((one, other) => other.length - one.length)
}

export const sendToSlack: Sender<'slack'> = async ({ url }, event, post, signal) => {
  const answer = await post(url, JSON.stringify(bodyOf(event)), { 'content-type': 'application/json' }, signal)
  return isSuccess(answer) ? { isDelivered: true, detail: 'Slack took the message.' } : refusal(answer, answer.text.trim(), piecesOf(url))
}
