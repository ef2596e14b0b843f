import type { Freeze } from '@imprun/contracts'
import { freezeSchema } from '@imprun/contracts/protection'
import type { CommandContext } from './command-context.ts'
import { parseOnce, parseWeekly } from './freeze-text.ts'
import { firstFault } from './validation.ts'

type Asking = Pick<CommandContext, 'prompts' | 't'>

// Stand in for what is not asked yet, so that the contract judges each answer by itself.
const sample = { name: 'freeze', timeZone: 'UTC', from: '2000-01-01T00:00', to: '2000-01-02T00:00' }

/** Name, time zone, and when. Undefined when given up. */
export async function askFreeze({ prompts, t }: Asking): Promise<Freeze | undefined> {
  const title = t('Add a freeze')
  const ask = (prompt: string, field: 'name' | 'timeZone', value?: string) =>
    prompts.input({ title, prompt, validate: (text) => firstFault(freezeSchema, { ...sample, [field]: text.trim() }), ...(value ? { value } : {}) })
  const name = await ask(t('Its name is told to those whom it stops, for example "Year end".'), 'name')
  if (name === undefined) return undefined
  const timeZone = await ask(t('Time zone, for example "Asia/Seoul".'), 'timeZone', Intl.DateTimeFormat().resolvedOptions().timeZone)
  if (timeZone === undefined) return undefined
  const kind = await prompts.pick<'once' | 'weekly'>(title, [
    { label: t('Every week'), detail: 'fri 17:00-24:00, sat sun 00:00-24:00', value: 'weekly' },
    { label: t('Once'), detail: '2026-12-24 18:00 - 2027-01-02 08:00', value: 'once' },
  ])
  return kind && askWhen({ prompts, t }, { name: name.trim(), timeZone: timeZone.trim() }, kind)
}

async function askWhen({ prompts, t }: Asking, common: Pick<Freeze, 'name' | 'timeZone'>, kind: 'once' | 'weekly'): Promise<Freeze | undefined> {
  const read = (text: string): Freeze | undefined => {
    const [once, weekly] = [kind === 'once' ? parseOnce(text) : undefined, kind === 'weekly' ? parseWeekly(text) : undefined]
    return once ? { ...common, ...once } : weekly && { ...common, weekly }
  }
  const example = kind === 'once' ? '2026-12-24 18:00 - 2027-01-02 08:00' : 'fri 17:00-24:00, sat sun 00:00-24:00'
  const text = await prompts.input({
    title: t('When is {0}?', common.name),
    prompt: t('By the clocks of {0}, for example "{1}".', common.timeZone, example),
    placeholder: example,
    validate: (typed) => {
      const freeze = read(typed)
      return freeze ? firstFault(freezeSchema, freeze) : t('Write it as "{0}".', example)
    },
  })
  return text === undefined ? undefined : read(text)
}
