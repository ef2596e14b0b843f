import type { User } from '@imprun/contracts'
import { createUserSchema } from '@imprun/contracts/account'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { firstFault } from './validation.ts'

export function personCommands(context: CommandContext): Pick<Handlers, 'imprun.createPerson'> {
  return { 'imprun.createPerson': async () => void (await createPerson(context)) }
}

/** Asks for a name, and shows the access token of the new person once. Undefined when given up. @throws ImprunError FORBIDDEN to all but administrators */
export async function createPerson(context: CommandContext): Promise<Pick<User, 'userId' | 'name'> | undefined> {
  const { prompts, t, newKeyPanel } = context
  const name = await prompts.input({
    title: t('Add a person'),
    prompt: t('Their name, as it stands beside what they do.'),
    validate: (text) => firstFault(createUserSchema.shape.name, text),
  })
  if (name === undefined) return undefined
  const { api, backend } = openSession(context)
  const { token, ...person } = await api.call('createUser', { body: { name } })
  const curl = `curl -H 'authorization: Bearer ${token}' '${new URL('/account', backend.apiUrl)}'`
  newKeyPanel.show({ kind: 'token', holder: person.name, target: backend.apiUrl, secret: token, curl })
  return person
}
