import type { LogFilter } from '@imprun/contracts'
import { logLevels } from '@imprun/contracts/log'
import { environmentNameSchema, environmentNames } from '@imprun/contracts/names'
import * as vscode from 'vscode'
import * as z from 'zod'
import type { LogScope } from '../logs/log-view.ts'
import { EnvironmentNode } from '../tree/environment-node.ts'
import { FunctionNode } from '../tree/function-node.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseFunction, chooseGateway } from './targets.ts'

type Ids = 'imprun.showLogs' | 'imprun.filterLogs' | 'imprun.pauseLogs'

export function logCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { logView } = context
  return {
    'imprun.showLogs': async (target) => {
      const scope = await chooseScope(context, target)
      if (scope) logView.show(scope)
    },
    'imprun.filterLogs': async () => {
      const scope = logView.scope ?? (await chooseScope(context, undefined))
      if (scope) await changeScope(context, scope)
    },
    'imprun.pauseLogs': () => (logView.isPaused ? logView.resume() : logView.pause()),
  }
}

/** What a link hands over. */
const namedSchema = z.object({ gatewayId: z.string(), environment: environmentNameSchema, functionName: z.string() }).strict()

/** The row that was pressed; the function in the editor; else a gateway. */
async function chooseScope(context: CommandContext, target: unknown): Promise<LogScope | undefined> {
  const { t } = context
  openSession(context)
  if (target instanceof EnvironmentNode) return { gatewayId: target.gatewayId, filter: { environment: target.environment } }
  const named = namedSchema.safeParse(target)
  if (named.success) {
    const { gatewayId, ...filter } = named.data
    return { gatewayId, filter }
  }
  if (target instanceof FunctionNode || target instanceof vscode.Uri) {
    const chosen = await chooseFunction(context, target, t('Show logs'))
    return chosen && { gatewayId: chosen.gatewayId, filter: { environment: chosen.environment, functionName: chosen.name } }
  }
  const gateway = await chooseGateway(context, target, t('Show the logs of which gateway?'))
  return gateway && { gatewayId: gateway.gatewayId, filter: {} }
}

type Step = 'pause' | 'environment' | 'function' | 'level' | 'text' | 'stop' | 'show'

async function changeScope(context: CommandContext, scope: LogScope): Promise<void> {
  const { logView, prompts, t } = context
  const { filter } = scope
  const any = t('any')
  const step = await prompts.pick<Step>(t('Logs of {0}', scope.gatewayId), [
    { label: `$(output) ${t('Show')}`, value: 'show' },
    logView.isPaused ? { label: `$(debug-start) ${t('Follow')}`, value: 'pause' } : { label: `$(debug-pause) ${t('Pause')}`, value: 'pause' },
    { label: `$(server-environment) ${t('Environment')}`, description: filter.environment ?? any, value: 'environment' },
    { label: `$(symbol-function) ${t('Function')}`, description: filter.functionName ?? any, value: 'function' },
    { label: `$(warning) ${t('Level')}`, description: filter.level ?? any, value: 'level' },
    { label: `$(search) ${t('Text')}`, description: filter.text ?? any, value: 'text' },
    { label: `$(debug-stop) ${t('Stop following')}`, value: 'stop' },
  ])
  if (step === 'stop') return logView.stop()
  if (step === 'pause') return logView.isPaused ? logView.resume() : logView.pause()
  if (step === 'show') return logView.show(scope)
  const changed = step && (await ask(context, scope, step))
  if (changed) logView.show({ gatewayId: scope.gatewayId, filter: changed })
}

/** Undefined when given up. */
async function ask(
  context: CommandContext,
  { gatewayId, filter }: LogScope,
  step: 'environment' | 'function' | 'level' | 'text',
): Promise<LogFilter | undefined> {
  const { prompts, t } = context
  const every = { label: t('any'), value: '' }
  const choose = (title: string, values: readonly string[]) => prompts.pick(title, [every, ...values.map((value) => ({ label: value, value }))])
  if (step === 'text') {
    const text = await prompts.input({ title: t('Show lines that contain'), value: filter.text ?? '', placeholder: t('part of the message') })
    return text === undefined ? undefined : narrowed(filter, 'text', text)
  }
  if (step === 'environment') return choice(filter, 'environment', await choose(t('Which environment?'), environmentNames))
  if (step === 'level') return choice(filter, 'level', await choose(t('From which level on?'), logLevels))
  const functions = await openSession(context).catalog.functions(gatewayId).ensureLoaded()
  return choice(
    filter,
    'functionName',
    await choose(
      t('Which function?'),
      functions.map(({ name }) => name),
    ),
  )
}

const choice = (filter: LogFilter, key: keyof LogFilter, value: string | undefined) => (value === undefined ? undefined : narrowed(filter, key, value))
const narrowed = (filter: LogFilter, key: keyof LogFilter, value: string): LogFilter => {
  const { [key]: _, ...rest } = filter
  return value === '' ? rest : { ...rest, [key]: value }
}
