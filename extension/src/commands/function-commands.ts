import type { ImprunFunction } from '@imprun/contracts'
import { environmentNames, functionNameSchema, kindOfName } from '@imprun/contracts/names'
import * as vscode from 'vscode'
import { servedIn } from '../tree/describe.ts'
import { EnvironmentNode } from '../tree/environment-node.ts'
import { resolveConflict } from '../workspace/conflict.ts'
import type { FunctionKey } from '../workspace/mirror-store.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { functionTemplates, handlerName, moduleSource } from './function-templates.ts'
import { type ChosenFunction, chooseFunction, chooseGateway, getFunctionFacts } from './targets.ts'
import { firstFault } from './validation.ts'

type Ids = 'imprun.createFunction' | 'imprun.deleteFunction' | 'imprun.openFunction' | 'imprun.goToEnvironment' | 'imprun.publish' | 'imprun.resolveConflict'

export function functionCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { t } = context
  return {
    'imprun.createFunction': async (node) => {
      const gateway = await chooseGateway(context, node instanceof EnvironmentNode ? node.parent : node, t('Create a function in which gateway?'))
      if (gateway) await createFunction(context, gateway.gatewayId)
    },

    'imprun.openFunction': async (target) => {
      const chosen = await chooseFunction(context, target, t('Open a function'))
      if (chosen) await openFunction(context, chosen)
    },

    'imprun.goToEnvironment': async (target) => {
      const chosen = await chooseFunction(context, target, t('Go to the environment of which function?'))
      if (!chosen) return
      const { served } = await getFunctionFacts(context, chosen)
      const environment = await context.prompts.pick(
        t('{0} in', chosen.name),
        environmentNames.map((name) => ({
          label: name,
          description: served.find((each) => each.environment === name)?.version ?? t('(nothing)'),
          ...(name === chosen.environment ? { detail: t('You are here.') } : {}),
          value: name,
        })),
      )
      if (environment) await openFunction(context, { ...chosen, environment })
    },

    'imprun.publish': async (target) => {
      const chosen = await chooseFunction(context, target, t('Publish to dev'))
      if (chosen) await publish(context, chosen)
    },

    'imprun.deleteFunction': async (target) => {
      const chosen = await chooseFunction(context, target, t('Delete a function'))
      if (chosen) await deleteFunction(context, chosen)
    },

    'imprun.resolveConflict': async (target) => {
      const key = await chooseConflict(context, target)
      if (key) await resolveConflict(key, { ...context, api: openSession(context).api, store: context.mirrorStore })
    },
  }
}

/** The conflict of a file, the only one there is, or the one that is picked. */
async function chooseConflict({ statuses, mirrorStore, prompts, t }: CommandContext, target: unknown): Promise<FunctionKey | undefined> {
  if (target instanceof vscode.Uri) return mirrorStore.findKey(target.fsPath)
  const conflicts = [...statuses.entries()].map(([, status]) => status).filter(({ state }) => state.kind === 'conflict')
  if (conflicts.length > 1)
    return prompts.pick(
      t('Resolve a conflict'),
      conflicts.map(({ key }) => ({ label: key.name, description: key.gatewayId, value: key })),
    )
  if (conflicts.length === 0) await prompts.offer('info', t('There is no conflict.'))
  return conflicts[0]?.key
}

async function createFunction(context: CommandContext, gatewayId: string): Promise<void> {
  const { prompts, t } = context
  const name = await prompts.input({
    title: t('Create a function in {0}', gatewayId),
    prompt: t('Its name is its address. Folders are part of it: orders/list.'),
    validate: (text) => firstFault(functionNameSchema, text),
  })
  if (name === undefined) return
  const code = kindOfName(name) === 'module' ? moduleSource(handlerName(name)) : await pickSource(context, handlerName(name))
  if (code === undefined) return
  const { api, catalog } = openSession(context)
  const made = await api.call('createFunction', { params: { gatewayId }, body: { name, code } })
  catalog.functions(gatewayId).upsert(made)
  const chosen: ChosenFunction = { ...made, environment: 'dev' }
  await openFunction(context, chosen)
  await publish(context, chosen)
}

async function pickSource({ prompts, t }: CommandContext, handler: string): Promise<string | undefined> {
  const template = await prompts.pick(
    t('Begin with'),
    functionTemplates(t).map((item) => ({ label: item.label, detail: item.detail, value: item })),
  )
  return template?.source(handler)
}

/** dev opens the file that is written in; the other environments what they serve, read-only. */
async function openFunction(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { gatewayId, functionId, environment, name } = chosen
  if (environment === 'dev') {
    const { file } = await context.mirror.bring(gatewayId, functionId)
    await vscode.window.showTextDocument(vscode.Uri.file(file))
    return
  }
  const served = servedIn(await getFunctionFacts(context, chosen), environment)
  const uri = served
    ? readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment, releaseId: served.releaseId, version: served.version })
    : readOnlyUri({ kind: 'nothing', gatewayId, name, environment })
  await vscode.window.showTextDocument(uri)
}

/** Publishes what is in the file; saves it first when its editor is dirty, which publishes by itself if that is on. */
async function publish(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { mirror, publisher, mirrorStore } = context
  const { file, key } = await mirror.bring(chosen.gatewayId, chosen.functionId)
  const document = vscode.workspace.textDocuments.find((open) => open.uri.scheme === 'file' && open.uri.fsPath === file)
  if (document?.isDirty) await document.save()
  const text = await mirrorStore.findText(key)
  if (text !== undefined) await publisher.publish(key, text)
}

async function deleteFunction(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { prompts, t } = context
  const facts = await getFunctionFacts(context, chosen)
  const detail = servedWords(facts, context)
  if (!(await prompts.confirm({ message: t('Delete {0} from {1}?', facts.name, facts.gatewayId), detail, yes: t('Delete') }))) return
  const { api, catalog } = openSession(context)
  await api.call('deleteFunction', { params: { gatewayId: facts.gatewayId, functionId: facts.functionId } })
  catalog.functions(facts.gatewayId).remove(facts.functionId)
}

function servedWords(facts: ImprunFunction, { t }: CommandContext): string {
  if (facts.served.length === 0) return t('No environment serves it.')
  return t(
    'It stops answering in {0}. The file on this machine goes too.',
    facts.served.map(({ environment, version }) => `${environment} (${version})`).join(', '),
  )
}
