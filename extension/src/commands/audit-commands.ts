import type { AuditEntry } from '@imprun/contracts'
import * as vscode from 'vscode'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseGateway } from './targets.ts'

/** More would not be looked through by hand; the API has the rest. */
const shownMax = 200

export function auditCommands(context: CommandContext): Pick<Handlers, 'imprun.showAudit'> {
  const { prompts, t } = context
  return {
    'imprun.showAudit': async (node) => {
      const gateway = await chooseGateway(context, node, t('Audit log of which gateway?'))
      if (!gateway) return
      const reading = openSession(context).api.call('listGatewayAudit', { params: { gatewayId: gateway.gatewayId }, query: { limit: shownMax } })
      const chosen = await prompts.pick(
        t('Who did what in {0}', gateway.gatewayId),
        reading.then(({ items }) => items.map((record) => ({ ...describe(record), value: record }))),
        t('Choose a line to copy it as JSON.'),
      )
      if (!chosen) return
      await vscode.env.clipboard.writeText(JSON.stringify(chosen, undefined, 2))
      prompts.tell(t('The line is in the clipboard.'))
    },
  }
}

const describe = ({ route, actor, at, code, status, params, facts, requestId }: AuditEntry) => ({
  label: `$(${code === undefined ? 'pass' : 'error'}) ${route}`,
  description: [actor, new Date(at).toLocaleString(), code ?? String(status)].filter(Boolean).join(' · '),
  detail: [...Object.entries({ ...params, ...facts }).map(([name, value]) => `${name} ${String(value)}`), requestId].join(' · '),
})
