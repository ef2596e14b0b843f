import type { CanaryStep, CanaryWish } from '@imprun/contracts'
import { canaryErrorRateMaxDefault, canaryWishSchema } from '@imprun/contracts/canary'
import type { CommandContext } from './command-context.ts'
import { firstFault } from './validation.ts'

const minuteS = 60
const usual: readonly (readonly CanaryStep[])[] = [
  [
    { percent: 10, holdS: 5 * minuteS },
    { percent: 50, holdS: 5 * minuteS },
  ],
  [
    { percent: 1, holdS: 10 * minuteS },
    { percent: 10, holdS: 10 * minuteS },
    { percent: 50, holdS: 10 * minuteS },
  ],
]

/** `10 % for 5 min, 50 % for 30 s`: what a person types, and reads. */
export const stepsText = (steps: readonly CanaryStep[]): string => steps.map(({ percent, holdS }) => `${percent} % for ${durationText(holdS)}`).join(', ')

const durationText = (seconds: number) => (seconds % minuteS === 0 ? `${seconds / minuteS} min` : `${seconds} s`)

/** @returns undefined for a text of another form */
export function parseSteps(text: string): CanaryStep[] | undefined {
  const steps = text.split(',').map((part) => /^\s*(\d+)\s*%?\s*(?:for\s+)?(\d+)\s*(s|min)\s*$/.exec(part))
  if (steps.some((step) => step === null)) return undefined
  return steps.map((step) => ({ percent: Number(step?.[1]), holdS: Number(step?.[2]) * (step?.[3] === 'min' ? minuteS : 1) }))
}

/** How many callers at first, and for how long. Undefined when given up. */
export async function chooseCanary({ prompts, t }: CommandContext): Promise<CanaryWish | undefined> {
  const picked = await prompts.pick<readonly CanaryStep[] | 'own'>(t('Which part of the callers, and for how long?'), [
    ...usual.map((steps) => ({ label: stepsText(steps), detail: t('Goes back by itself when it fails more than the release before.'), value: steps })),
    { label: t('Other steps…'), value: 'own' as const },
  ])
  const steps = picked === 'own' ? await askSteps({ prompts, t }) : picked
  return steps && { steps: [...steps], errorRateMax: canaryErrorRateMaxDefault }
}

async function askSteps({ prompts, t }: Pick<CommandContext, 'prompts' | 't'>): Promise<CanaryStep[] | undefined> {
  const text = await prompts.input({
    title: t('Steps of the canary'),
    prompt: t('For example "5 % for 30 s, 50 % for 10 min". After the last it is served to all.'),
    validate: (typed) => {
      const steps = parseSteps(typed)
      return steps ? firstFault(canaryWishSchema.shape.steps, steps) : t('Write each step as "5 % for 30 s", with commas between.')
    },
  })
  return text === undefined ? undefined : parseSteps(text)
}
