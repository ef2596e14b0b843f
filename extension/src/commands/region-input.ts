import type { PatchRegion, Region, RouteBodyInput } from '@imprun/contracts'
import { slugify } from '@imprun/contracts/names'
import { createRegionSchema, patchRegionSchema } from '@imprun/contracts/region'
import type { CommandContext } from './command-context.ts'
import { firstFault } from './validation.ts'

type Asking = Pick<CommandContext, 'prompts' | 't'>
export type RegionStep = 'name' | 'baseDomain' | 'runtimes' | 'ports' | 'protection'

/** Name, id and base domain; the rest has a usual value, and can be changed afterwards. Undefined when given up. */
export async function askNewRegion({ prompts, t }: Asking): Promise<RouteBodyInput<'createRegion'> | undefined> {
  const title = t('Add a region')
  const { shape } = createRegionSchema
  const ask = (prompt: string, rule: keyof typeof shape, value?: string) =>
    prompts.input({ title, prompt, validate: (text) => firstFault(shape[rule], text.trim()), ...(value ? { value } : {}) })
  const name = await ask(t('A name for people, for example Seoul.'), 'name')
  if (name === undefined) return undefined
  const regionId = await ask(t('Its id is what programs call it, and cannot be changed later.'), 'regionId', slugify(name))
  if (regionId === undefined) return undefined
  const baseDomain = await ask(t('Hosts are <gateway>.<environment>.<base domain>.'), 'baseDomain')
  return baseDomain === undefined ? undefined : { name: name.trim(), regionId: regionId.trim(), baseDomain: baseDomain.trim(), settings: {} }
}

/** Undefined when given up. */
export async function askRegionChange(asking: Asking, region: Region, step: RegionStep): Promise<PatchRegion | undefined> {
  const { t } = asking
  const { settings } = region
  if (step === 'protection') return { isProtected: !region.isProtected }
  if (step === 'runtimes') {
    const runtimes = await askNumber(asking, 'runtimes', t('How many runtimes does each backend start?'), settings.runtimes)
    return runtimes === undefined ? undefined : { settings: { runtimes } }
  }
  if (step === 'ports') {
    const portsFirst = await askNumber(asking, 'portsFirst', t('The first port; 0 takes any free ones.'), settings.portsFirst)
    const portsCount = portsFirst === undefined ? undefined : await askNumber(asking, 'portsCount', t('How many ports?'), settings.portsCount)
    return portsFirst === undefined || portsCount === undefined ? undefined : { settings: { portsFirst, portsCount } }
  }
  const validate = (text: string) => firstFault(patchRegionSchema, { [step]: text.trim() })
  const text = await asking.prompts.input({ title: region.name, value: region[step], validate })
  return text === undefined ? undefined : { [step]: text.trim() }
}

async function askNumber({ prompts, t }: Asking, setting: keyof Region['settings'], title: string, now: number): Promise<number | undefined> {
  const validate = (text: string) =>
    /^\d{1,5}$/.test(text.trim()) ? firstFault(patchRegionSchema, { settings: { [setting]: Number(text) } }) : t('Use a whole number.')
  const text = await prompts.input({ title, value: String(now), validate })
  return text === undefined ? undefined : Number(text)
}
