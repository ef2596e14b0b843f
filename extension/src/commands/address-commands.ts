import type { Environment } from '@imprun/contracts'
import * as vscode from 'vscode'
import { EnvironmentNode } from '../tree/environment-node.ts'
import type { CommandContext } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { curlLine } from './curl.ts'
import { chooseFunction, getEnvironmentFacts, getFunctionFacts } from './targets.ts'

type Ids = 'imprun.copyUrl' | 'imprun.copyCurl' | 'imprun.openInBrowser'

export function addressCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.copyUrl': async (target) => {
      const url = target instanceof EnvironmentNode ? target.facts.pathUrl : await chooseUrl(context, target, t('Copy the address of'))
      if (!url) return
      await vscode.env.clipboard.writeText(url)
      prompts.tell(t('Copied {0}', url))
    },

    'imprun.copyCurl': async (target) => {
      const chosen = await chooseFunction(context, target, t('Copy a curl line for'))
      if (!chosen) return
      const [facts, environment] = await Promise.all([getFunctionFacts(context, chosen), getEnvironmentFacts(context, chosen.gatewayId, chosen.environment)])
      await vscode.env.clipboard.writeText(
        curlLine({ url: `${environment.pathUrl}/${facts.name}`, source: facts.code ?? '', methods: facts.methods, apiKey: keyPlaceholder(environment) }),
      )
      prompts.tell(environment.authType === 'key-auth' ? t('Copied. Put a key in place of {0}.', '<key>') : t('Copied a curl line for {0}', facts.name))
    },

    'imprun.openInBrowser': async (target) => {
      const url = await chooseUrl(context, target, t('Open in the browser'))
      // Where the backend's localhost is not the user's, VS Code forwards the port.
      if (url) await vscode.env.openExternal(await vscode.env.asExternalUri(vscode.Uri.parse(url)))
    },
  }
}

async function chooseUrl(context: CommandContext, target: Parameters<Handlers['imprun.openInBrowser']>[0], title: string): Promise<string | undefined> {
  const chosen = await chooseFunction(context, target, title)
  if (!chosen) return undefined
  const { pathUrl } = await getEnvironmentFacts(context, chosen.gatewayId, chosen.environment)
  return `${pathUrl}/${chosen.name}`
}

const keyPlaceholder = ({ authType }: Environment) => (authType === 'key-auth' ? '<key>' : undefined)
