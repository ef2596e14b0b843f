import type { Region } from '@imprun/contracts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { askNewRegion, askRegionChange, type RegionStep } from './region-input.ts'

export function regionCommands(context: CommandContext): Pick<Handlers, 'imprun.manageRegions'> {
  return {
    'imprun.manageRegions': async () => {
      while (await manageOnce(context));
    },
  }
}

/** @returns false when it is left */
async function manageOnce(context: CommandContext): Promise<boolean> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const { items } = await api.call('listRegions', {})
  const picked = await prompts.pick<Region | 'new'>(t('Regions of this installation'), [
    ...items.map((region) => ({ label: `$(globe) ${region.name}`, description: describeRegion(region, t), detail: region.baseDomain, value: region })),
    { label: `$(add) ${t('Add a region…')}`, value: 'new' },
  ])
  if (picked === undefined) return false
  if (picked !== 'new') await change(context, picked)
  else {
    const body = await askNewRegion(context)
    if (body) prompts.tell(`$(globe) ${(await api.call('createRegion', { body })).name}`)
  }
  return true
}

/** `seoul · 1 of 2 runtimes running · protected` */
function describeRegion({ regionId, runtimes, isProtected }: Region, t: CommandContext['t']): string {
  const running = runtimes.filter(({ state }) => state === 'running').length
  return [regionId, t('{0} of {1} runtimes running', running, runtimes.length), ...(isProtected ? [t('protected')] : [])].join(' · ')
}

async function change(context: CommandContext, region: Region): Promise<void> {
  const { prompts, t } = context
  const { settings, isProtected } = region
  const step = await prompts.pick<RegionStep | 'remove'>(region.name, [
    { label: `$(edit) ${t('Name')}`, description: region.name, value: 'name' },
    {
      label: `$(link) ${t('Base domain')}`,
      description: region.baseDomain,
      detail: t('Hosts are <gateway>.<environment>.<base domain>.'),
      value: 'baseDomain',
    },
    { label: `$(server-process) ${t('Runtimes')}`, description: String(settings.runtimes), detail: t('How many each backend starts.'), value: 'runtimes' },
    {
      label: `$(plug) ${t('Ports')}`,
      description: settings.portsFirst === 0 ? t('any free ones') : `${settings.portsFirst} – ${settings.portsFirst + settings.portsCount - 1}`,
      detail: t('What its runtimes listen on.'),
      value: 'ports',
    },
    {
      label: isProtected ? `$(unlock) ${t('Let everybody make gateways here')}` : `$(lock) ${t('Let only administrators make gateways here')}`,
      value: 'protection',
    },
    { label: `$(trash) ${t('Remove the region…')}`, value: 'remove' },
  ])
  if (step === 'remove') await remove(context, region)
  else if (step) {
    const body = await askRegionChange(context, region, step)
    if (body) await openSession(context).api.call('patchRegion', { params: { regionId: region.regionId }, body })
  }
}

async function remove(context: CommandContext, { regionId, name }: Region): Promise<void> {
  const { prompts, t } = context
  const detail = t('Its runtimes are stopped. A region that a gateway uses stays.')
  if (await prompts.confirm({ message: t('Remove the region {0}?', name), detail, yes: t('Remove') }))
    await openSession(context).api.call('deleteRegion', { params: { regionId } })
}
