import type { EnvironmentLimits, FunctionLimits } from '@imprun/contracts'
import { patchEnvironmentSchema } from '@imprun/contracts/environment'
import { functionLimitsSchema } from '@imprun/contracts/function'
import { EnvironmentNode } from '../tree/environment-node.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { type ChosenFunction, chooseFunction, getFunctionFacts } from './targets.ts'

type LimitName = keyof EnvironmentLimits

export function limitCommands(context: CommandContext): Pick<Handlers, 'imprun.editLimits'> {
  const { t } = context
  return {
    'imprun.editLimits': async (target) => {
      if (target instanceof EnvironmentNode) return editEnvironment(context, target)
      const chosen = await chooseFunction(context, target, t('Limits of which function?'))
      if (chosen) await editFunction(context, chosen)
    },
  }
}

const names: readonly LimitName[] = ['timeoutMs', 'concurrency', 'memoryMb', 'bodyBytesMax', 'responseBytesMax']

function words(name: LimitName, { t }: CommandContext): { label: string; unit: string } {
  if (name === 'timeoutMs') return { label: t('Time of a call'), unit: t('milliseconds') }
  if (name === 'concurrency') return { label: t('Calls at once'), unit: t('calls') }
  if (name === 'memoryMb') return { label: t('Memory'), unit: 'MiB' }
  return name === 'bodyBytesMax' ? { label: t('Size of a request body'), unit: t('bytes') } : { label: t('Size of an answer'), unit: t('bytes') }
}

async function editEnvironment(context: CommandContext, { gatewayId, environment }: EnvironmentNode): Promise<void> {
  const { api } = openSession(context)
  const params = { gatewayId, environment }
  const { limits } = await api.call('getEnvironment', { params })
  const name = await chooseLimit(context, `${gatewayId}/${environment}`, limits)
  const value = name && (await askLimit(context, name, limits[name], (number) => faultOf(patchEnvironmentSchema.safeParse({ limits: { [name]: number } }))))
  if (!name || typeof value !== 'number') return
  await api.call('patchEnvironment', { params, body: { limits: { [name]: value } } })
  context.prompts.tell(context.t('The limits of {0} are in effect.', `${gatewayId}/${environment}`))
}

/** A function's limits are part of its releases: dev goes by them once it is published, the others after a promotion. */
async function editFunction(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const facts = await getFunctionFacts(context, chosen)
  const name = await chooseLimit(context, facts.name, facts.limits)
  const value = name && (await askLimit(context, name, facts.limits[name], (number) => faultOf(functionLimitsSchema.safeParse({ [name]: number }))))
  if (!name || value === undefined) return
  const { [name]: _, ...others } = facts.limits
  const limits: FunctionLimits = value === 'none' ? others : { ...others, [name]: value }
  const saved = await api.call('saveFunction', {
    params: { gatewayId: facts.gatewayId, functionId: facts.functionId },
    // Code that was saved and is not live yet stays so.
    query: facts.isLiveInDev ? { publish: 'dev' } : {},
    body: { code: facts.code ?? '', baseRevision: facts.revision, limits },
  })
  if (saved.refusal) await prompts.offer('error', saved.refusal.detail)
  else
    prompts.tell(
      facts.isLiveInDev ? t('Dev goes by the new limits of {0}.', facts.name) : t('The limits of {0} are saved; publish it to put them live.', facts.name),
    )
}

const chooseLimit = (context: CommandContext, whose: string, limits: FunctionLimits): Promise<LimitName | undefined> =>
  context.prompts.pick(
    context.t('Limits of {0}', whose),
    names.map((name) => {
      const { label, unit } = words(name, context)
      const value = limits[name]
      return { label, description: value === undefined ? context.t('that of the environment') : `${value} ${unit}`, value: name }
    }),
  )

/** `none`: the environment's own counts. */
async function askLimit(
  { prompts, t, ...context }: CommandContext,
  name: LimitName,
  value: number | undefined,
  fault: (number: number) => string | undefined,
): Promise<number | 'none' | undefined> {
  const { label, unit } = words(name, { prompts, t, ...context })
  const text = await prompts.input({
    title: `${label} (${unit})`,
    value: value === undefined ? '' : String(value),
    prompt: t('Empty: that of the environment.'),
    validate: (typed) => (typed.trim() === '' ? undefined : /^\d+$/.test(typed.trim()) ? fault(Number(typed)) : t('Type a whole number.')),
  })
  if (text === undefined) return undefined
  return text.trim() === '' ? 'none' : Number(text)
}

const faultOf = (parsed: { success: boolean; error?: { issues: readonly { message: string }[] } | undefined }) => parsed.error?.issues[0]?.message
