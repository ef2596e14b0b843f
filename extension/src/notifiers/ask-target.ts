import type { NotifierTarget } from '@imprun/contracts'
import { notifierTargetSchema } from '@imprun/contracts/notifier'
import type { CommandContext } from '../commands/command-context.ts'

export type Kind = NotifierTarget['kind']

/** Asks for where a notifier writes to. What is secret is typed unseen and goes to the backend alone. @returns undefined when given up */
export function ask(context: CommandContext, kind: Kind): Promise<NotifierTarget | undefined> {
  if (kind === 'telegram') return askTelegram(context)
  return askUrl(context, kind)
}

async function askTelegram({ prompts, t }: CommandContext): Promise<NotifierTarget | undefined> {
  const whole = (fields: object) => ({ kind: 'telegram', botToken: '12345:aaaaaaaaaaaaaaaaaaaa', chatId: '1', ...fields })
  const botToken = await prompts.input({
    title: t('Token of your Telegram bot'),
    prompt: t('BotFather gave it to you. It is stored encrypted and never shown again.'),
    isSecret: true,
    validate: (text) => faultOf(whole({ botToken: text })),
  })
  if (botToken === undefined) return undefined
  const chatId = await prompts.input({
    title: t('Chat that the bot writes to'),
    prompt: t('The number of the chat, or @channel. The bot has to be in it.'),
    validate: (text) => faultOf(whole({ chatId: text })),
  })
  return chatId === undefined ? undefined : { kind: 'telegram', botToken, chatId }
}

async function askUrl({ prompts, t }: CommandContext, kind: 'slack' | 'webhook'): Promise<NotifierTarget | undefined> {
  const url = await prompts.input({
    title: kind === 'slack' ? t('Incoming webhook of Slack') : t('Address of the webhook'),
    prompt:
      kind === 'slack'
        ? t('Whoever knows it can write to the channel: it is stored encrypted.')
        : t('It gets a POST for each piece of news, with a signature.'),
    placeholder: kind === 'slack' ? 'https://hooks.slack.com/services/…' : 'https://example.com/imprun',
    isSecret: kind === 'slack',
    validate: (text) => faultOf({ kind, url: text }),
  })
  return url === undefined ? undefined : { kind, url }
}

const faultOf = (target: object): string | undefined => notifierTargetSchema.safeParse(target).error?.issues[0]?.message
