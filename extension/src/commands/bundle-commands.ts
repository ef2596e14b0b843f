import type { Bundle, Gateway } from '@imprun/contracts'
import { askBundlePart, type BundlePart, bundleText } from './bundle-input.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { chooseGateway } from './targets.ts'

export function bundleCommands(context: CommandContext): Pick<Handlers, 'imprun.editBundle'> {
  return {
    'imprun.editBundle': async (node) => {
      const gateway = await chooseGateway(context, node, context.t('Change what which gateway may use?'))
      if (gateway) await editBundle(context, gateway)
    },
  }
}

/** Each answer is in force at once, and the list comes back with it until it is left. */
async function editBundle(context: CommandContext, { gatewayId, name, bundle }: Gateway): Promise<void> {
  const { prompts } = context
  const { api, catalog } = openSession(context)
  for (let now = bundle; ; ) {
    const part = await choosePart(context, name, now)
    if (part === undefined) return
    const patch = await askBundlePart(context, part, now)
    if (!patch || patch[part] === now[part]) continue
    const changed = await api.call('patchGateway', { params: { gatewayId }, body: { bundle: patch } })
    catalog.gateways.upsert(changed)
    now = changed.bundle
    prompts.tell(`$(server) ${gatewayId}: ${bundleText(now)}`)
  }
}

function choosePart({ prompts, t }: CommandContext, name: string, { runtime, memory, cpu }: Bundle): Promise<BundlePart | undefined> {
  return prompts.pick<BundlePart>(t('Each environment of {0} may use', name), [
    { label: `$(symbol-method) ${t('Runtime')}`, description: runtime, detail: t('The Node.js whose language functions are written for.'), value: 'runtime' },
    { label: `$(server) ${t('Memory')}`, description: memory, detail: t('An environment that needs more is started again.'), value: 'memory' },
    { label: `$(pulse) ${t('CPU')}`, description: cpu, detail: t('Its share when others want the machine too.'), value: 'cpu' },
  ])
}
