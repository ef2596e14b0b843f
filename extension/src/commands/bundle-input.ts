import type { Bundle } from '@imprun/contracts'
import { bundleSchema, offeredRuntimes, patchBundleSchema } from '@imprun/contracts/bundle'
import type { CommandContext } from './command-context.ts'
import { firstFault } from './validation.ts'

type Asking = Pick<CommandContext, 'prompts' | 't'>
export type BundlePart = keyof Bundle

export const bundleText = ({ runtime, memory, cpu }: Bundle): string => [runtime, memory, cpu].join(' · ')

/** One part of a bundle. Undefined when given up. */
export async function askBundlePart(asking: Asking, part: BundlePart, now: Bundle): Promise<Partial<Bundle> | undefined> {
  const { t } = asking
  if (part === 'runtime') return askRuntime(asking, now)
  if (part === 'memory') return askAmount(asking, { part, now, title: t('Memory of each environment'), prompt: t('From 32Mi to 16Gi, for example "512Mi".') })
  return askAmount(asking, { part, now, title: t('CPU of each environment'), prompt: t('Millicores or whole cores, for example "500m" or "1".') })
}

/** What each environment of a new gateway may use: the usual at once, or part by part. Null when given up, undefined for the usual. */
export async function askNewBundle(asking: Asking): Promise<Bundle | undefined | null> {
  const { prompts, t } = asking
  const usual = bundleSchema.parse({})
  const kind = await prompts.pick<'usual' | 'own'>(t('What may each environment use?'), [
    { label: t('The usual'), description: bundleText(usual), detail: t('It can be changed at any time.'), value: 'usual' },
    { label: t('Something else…'), detail: t('Choose runtime, memory and CPU.'), value: 'own' },
  ])
  if (kind !== 'own') return kind === 'usual' ? undefined : null
  let bundle = usual
  for (const part of ['runtime', 'memory', 'cpu'] as const) {
    const answer = await askBundlePart(asking, part, bundle)
    if (!answer) return null
    bundle = { ...bundle, ...answer }
  }
  return bundle
}

async function askRuntime({ prompts, t }: Asking, { runtime: now }: Bundle): Promise<Pick<Bundle, 'runtime'> | undefined> {
  const runtime = await prompts.pick(
    t('Runtime of each environment'),
    offeredRuntimes.map((name) => ({ label: name, ...(name === now ? { description: t('now') } : {}), value: name })),
  )
  return runtime && { runtime }
}

interface Amount {
  part: 'memory' | 'cpu'
  now: Bundle
  title: string
  prompt: string
}

async function askAmount({ prompts }: Asking, { part, now, title, prompt }: Amount): Promise<Partial<Bundle> | undefined> {
  const validate = (text: string) => firstFault(patchBundleSchema, { [part]: text.trim() })
  const text = await prompts.input({ title, prompt, value: now[part], validate })
  return text === undefined ? undefined : { [part]: text.trim() }
}
