import type { Tool } from '@imprun/contracts'
import { toolNameSchema } from '@imprun/contracts/tool'
import * as vscode from 'vscode'
import { ToolNode } from '../tree/tool-node.ts'
import { sampleBody } from '../workspace/default-export.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { FunctionTarget, Handlers } from './command-table.ts'
import { type ChosenFunction, chooseFunction, getFunctionFacts } from './targets.ts'
import { firstFault } from './validation.ts'

type Ids = 'imprun.registerTool' | 'imprun.deleteTool' | 'imprun.copyToolUrl'

export function toolCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.registerTool': (target) => registerTool(context, target),

    'imprun.deleteTool': async (node) => {
      const tool = await chooseTool(context, node, t('Withdraw a tool'))
      if (!tool) return
      const detail = t('Agents at {0} no longer see it. The function itself stays.', tool.mcpUrl)
      if (!(await prompts.confirm({ message: t('Withdraw {0}?', tool.name), detail, yes: t('Withdraw') }))) return
      const { api, catalog } = openSession(context)
      await api.call('deleteTool', { params: { toolId: tool.toolId } })
      catalog.tools.remove(tool.toolId)
    },

    'imprun.copyToolUrl': async (node) => {
      const tool = await chooseTool(context, node, t('Copy the MCP address of'))
      if (!tool) return
      await vscode.env.clipboard.writeText(tool.mcpUrl)
      prompts.tell(t('Copied {0}', tool.mcpUrl))
    },
  }
}

async function registerTool(context: CommandContext, target: FunctionTarget): Promise<void> {
  const { prompts, t } = context
  const chosen = await chooseFunction(context, target, t('Offer a function to agents'))
  if (!chosen) return
  const facts = await getFunctionFacts(context, chosen)
  const environment = await chooseServed(context, chosen, facts.served)
  if (!environment) return
  const title = t('Offer {0} to agents', facts.name)
  const name = await prompts.input({
    title,
    prompt: t('The name that agents see.'),
    value: facts.name.replaceAll('/', '_'),
    validate: (text) => firstFault(toolNameSchema, text),
  })
  if (name === undefined) return
  const description = await prompts.input({
    title,
    prompt: t('What it does, in one sentence. Agents choose by this text.'),
    validate: (text) => (text.trim() ? undefined : t('Say what the tool does.')),
  })
  if (description === undefined) return
  const { api, catalog } = openSession(context)
  const inputSchema = guessInputSchema(facts.code ?? '')
  const tool = await api.call('createTool', {
    body: { name, description, function: { gatewayId: facts.gatewayId, environment, name: facts.name }, ...(inputSchema ? { inputSchema } : {}) },
  })
  catalog.tools.upsert(tool)
  const copy = t('Copy MCP address')
  if ((await prompts.offer('info', t('Agents can now call {0}.', tool.name), copy)) === copy) await vscode.env.clipboard.writeText(tool.mcpUrl)
}

async function chooseServed(
  { prompts, t }: CommandContext,
  chosen: ChosenFunction,
  served: readonly { environment: ChosenFunction['environment']; version: string }[],
) {
  if (served.length <= 1) return served[0]?.environment ?? chosen.environment
  return prompts.pick(
    t('Which environment should agents call?'),
    served.map(({ environment, version }) => ({ label: environment, description: version, value: environment })),
  )
}

/** The names that a function takes out of its body, without guessing their types: a first draft that agents can already use. */
function guessInputSchema(source: string) {
  const names = Object.keys(sampleBody(source) ?? {})
  if (names.length === 0) return undefined
  return { type: 'object' as const, properties: Object.fromEntries(names.map((name) => [name, {}])) }
}

async function chooseTool(context: CommandContext, node: unknown, title: string): Promise<Tool | undefined> {
  if (node instanceof ToolNode) return node.tool
  const tools = await openSession(context).catalog.tools.ensureLoaded()
  if (tools.length === 0) {
    await context.prompts.offer('info', context.t('There is no tool yet.'))
    return undefined
  }
  return context.prompts.pick(
    title,
    tools.map((tool) => ({ label: tool.name, description: `${tool.gatewayId}/${tool.environment}`, value: tool })),
  )
}
