import type { EnvironmentDetail, VariablesPatch, VariableVersion } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import { variableNameSchema } from '@imprun/contracts/variable'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseEnvironment } from './targets.ts'
import { firstFault } from './validation.ts'

export function variableCommands(context: CommandContext): Pick<Handlers, 'imprun.editVariables' | 'imprun.showVariableHistory'> {
  const { t } = context
  return {
    'imprun.editVariables': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Variables of which environment?'))
      if (!environment) return
      const params = { gatewayId: environment.gatewayId, environment: environment.name }
      // Until it is left: who sets one variable often sets the next.
      for (let next = true; next; ) next = await editOne(context, params)
    },

    'imprun.showVariableHistory': async (node) => {
      const environment = await chooseEnvironment(context, node, t('Variable history of which environment?'))
      if (environment) await showHistory(context, { gatewayId: environment.gatewayId, environment: environment.name })
    },
  }
}

interface Place {
  gatewayId: string
  environment: EnvironmentDetail['name']
}
type Choice = { kind: 'add' } | { kind: 'edit'; name: string; isSecret: boolean; value: string }

const mask = '••••••••'
const shownMax = 60

/** @returns false when it was given up */
async function editOne(context: CommandContext, params: Place): Promise<boolean> {
  const { prompts, t } = context
  const { variables } = await openSession(context).api.call('getEnvironment', { params })
  const rows = Object.entries(variables).sort(([a], [b]) => a.localeCompare(b))
  const choice = await prompts.pick<Choice>(t('Variables of {0}', `${params.gatewayId}/${params.environment}`), [
    { label: `$(add) ${t('Add a variable')}`, description: t('functions read it as imp.env.NAME'), value: { kind: 'add' } },
    ...rows.map(([name, variable]) => ({
      label: `$(${variable.secret ? 'lock' : 'symbol-constant'}) ${name}`,
      description: variable.secret ? mask : shorten(variable.value),
      value: { kind: 'edit', name, isSecret: variable.secret, value: variable.secret ? '' : variable.value } as const,
    })),
  ])
  if (!choice) return false
  return choice.kind === 'add' ? add(context, params, Object.keys(variables)) : edit(context, params, choice)
}

async function add(context: CommandContext, params: Place, taken: readonly string[]): Promise<boolean> {
  const { prompts, t } = context
  const name = await prompts.input({
    title: t('Add a variable'),
    prompt: t('Its name, for example API_URL.'),
    validate: (text) => (taken.includes(text) ? t('There is one of that name already.') : firstFault(variableNameSchema, text)),
  })
  if (name === undefined) return true
  const isSecret = await prompts.pick(t('Is {0} a secret?', name), [
    { label: t('Plain'), detail: t('Can be read here by whoever may change it.'), value: false },
    { label: `$(lock) ${t('Secret')}`, detail: t('Stored encrypted, and never shown again: not here and not in the API.'), value: true },
  ])
  if (isSecret === undefined) return true
  const value = await askValue(context, name, isSecret, '')
  if (value !== undefined) await patch(context, params, { [name]: isSecret ? { value, secret: true } : value })
  return true
}

async function edit(context: CommandContext, params: Place, { name, isSecret, value }: Extract<Choice, { kind: 'edit' }>): Promise<boolean> {
  const { prompts, t } = context
  const step = await prompts.pick<'change' | 'hide' | 'delete'>(name, [
    { label: `$(edit) ${isSecret ? t('Replace the value') : t('Change the value')}`, value: 'change' },
    ...(isSecret ? [] : [{ label: `$(lock) ${t('Make it a secret')}`, detail: t('Its value is never shown again.'), value: 'hide' as const }]),
    { label: `$(trash) ${t('Delete')}`, value: 'delete' },
  ])
  if (step === 'change') {
    const changed = await askValue(context, name, isSecret, value)
    if (changed !== undefined) await patch(context, params, { [name]: isSecret ? { value: changed, secret: true } : changed })
  }
  if (step === 'hide') await patch(context, params, { [name]: { value, secret: true } })
  if (step === 'delete') {
    const detail = t('Functions that read it get undefined from their next call on.')
    if (await prompts.confirm({ message: t('Delete {0} from {1}?', name, `${params.gatewayId}/${params.environment}`), detail, yes: t('Delete') }))
      await patch(context, params, { [name]: null })
  }
  return true
}

const askValue = ({ prompts, t }: CommandContext, name: string, isSecret: boolean, value: string) =>
  prompts.input({ title: t('Value of {0}', name), isSecret, value, prompt: isSecret ? t('It is not shown again.') : t('Takes effect with the next call.') })

async function patch(context: CommandContext, params: Place, variables: VariablesPatch): Promise<void> {
  await openSession(context).api.call('patchEnvironment', { params, body: { variables } })
  tellInEffect(context, params)
}

function tellInEffect(context: CommandContext, { gatewayId, environment }: Place): void {
  context.refreshViews()
  context.prompts.tell(context.t('The variables of {0} are in effect.', `${gatewayId}/${environment}`))
}

async function showHistory(context: CommandContext, params: Place): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const place = `${params.gatewayId}/${params.environment}`
  const { items } = await api.call('listVariableVersions', { params, query: { limit: pageLimitMax } })
  if (items.length === 0) return void (await prompts.offer('info', t('Nobody has changed a variable of {0} yet.', place)))
  const wanted = await prompts.pick(
    t('Variable history of {0}', place),
    items.map((version) => versionChoice(version, version === items[0], context)),
    t('Choose a version to bring its variables back.'),
  )
  if (!wanted) return
  if (wanted === items[0]) return prompts.tell(t('These are the variables of {0} now.', place))
  const since = items.slice(0, items.indexOf(wanted)).flatMap(({ changes }) => changes.map(({ name }) => name))
  // Asked everywhere, prod or not: it overwrites what others have set.
  const isSure = await prompts.confirm({
    message: t('Bring the variables of {0} back to version {1}?', place, wanted.version),
    detail: t('Set or removed since then: {0}. It takes effect with the next call; the code stays as it is.', [...new Set(since)].sort().join(', ')),
    yes: t('Bring back'),
  })
  if (!isSure) return
  await api.call('revertVariables', { params, body: { version: wanted.version }, idempotencyKey: crypto.randomUUID() })
  tellInEffect(context, params)
}

function versionChoice(version: VariableVersion, isNow: boolean, { t }: CommandContext) {
  const { by, at, changes, revertedTo } = version
  const named = (wanted: VariableVersion['changes'][number]['change']) =>
    changes.filter(({ change }) => change === wanted).map(({ name, secret }) => (secret ? `$(lock) ${name}` : name))
  const [added, changed, removed] = [named('added'), named('changed'), named('removed')].map((names) => names.join(', '))
  return {
    label: `v${version.version}`,
    description: [...(isNow ? [t('now')] : []), by, new Date(at).toLocaleString()].join(' · '),
    detail: [
      revertedTo === undefined ? '' : t('back to version {0}', revertedTo),
      added && t('added: {0}', added),
      changed && t('changed: {0}', changed),
      removed && t('removed: {0}', removed),
    ]
      .filter(Boolean)
      .join(' · '),
    value: version,
  }
}

const shorten = (text: string) => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > shownMax ? `${line.slice(0, shownMax)}…` : line
}
