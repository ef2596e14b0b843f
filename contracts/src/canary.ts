import * as z from 'zod'

/** A candidate that had fewer requests than this in its window is not judged. */
export const canaryCallsMin = 20
/** A canary that has not come to its end by then goes back, so that none waits for ever. */
export const canaryAgeMaxS = 24 * 3600
/** How much of all requests may fail beyond what the release before fails, as a fraction. */
export const canaryErrorRateMaxDefault = 0.05

const canaryStepSchema = z.strictObject({
  /** Of the callers, in percent. */
  percent: z.number().int().min(1).max(100),
  /** How long the step lasts at least, in seconds; longer while there is too little to judge by. */
  holdS: z.number().int().min(1).max(canaryAgeMaxS),
})
export type CanaryStep = z.infer<typeof canaryStepSchema>

const isRising = (steps: readonly CanaryStep[]) => steps.every(({ percent }, index) => index === 0 || percent > (steps[index - 1]?.percent ?? 0))
const lasts = (steps: readonly { holdS: number }[]) => steps.reduce((sum, { holdS }) => sum + holdS, 0)

/** Puts a release beside the one that is served, for a part of the callers first. After the last step it is served to all. */
export const canaryWishSchema = z.strictObject({
  steps: z
    .array(canaryStepSchema)
    .min(1)
    .max(10)
    .refine(isRising, 'Each step needs a higher percentage than the one before.')
    .refine((steps) => lasts(steps) < canaryAgeMaxS, `All steps together have to last less than ${canaryAgeMaxS / 3600} hours.`),
  /** It goes back when its share of failed requests is above the other release's by more than this fraction. */
  errorRateMax: z.number().min(0).max(1).default(canaryErrorRateMaxDefault),
})
export type CanaryWish = z.infer<typeof canaryWishSchema>

/** Serves the release to all at once, and goes back when it fails more than the release before did. */
export const healthCheckWishSchema = z.strictObject({ seconds: z.number().int().min(10).max(600) })
export type HealthCheckWish = z.infer<typeof healthCheckWishSchema>

const canaryCallsSchema = z.object({
  calls: z.number().int(),
  /** Answered with a status of 500 or above, or not at all. */
  failed: z.number().int(),
})
export type CanaryCalls = z.infer<typeof canaryCallsSchema>

export const canaryWindowSchema = z.object({
  /** The release that was served before. */
  baseline: canaryCallsSchema,
  candidate: canaryCallsSchema,
})
export type CanaryWindow = z.infer<typeof canaryWindowSchema>

/** `insufficient`: too few requests to say; nothing is done by itself then, until its time is over. */
export const canaryVerdicts = ['insufficient', 'healthy', 'failing'] as const
export type CanaryVerdict = (typeof canaryVerdicts)[number]

/** How a canary stands. */
export const canarySchema = z.object({
  /** What the candidate serves now; 0 until every runtime has loaded it. */
  percent: z.number().int(),
  /** Counted from 1; 0 before the first, and beyond the last once it is put in place for all. */
  step: z.number().int(),
  steps: z.array(z.object({ percent: z.number().int(), holdS: z.number().int() })),
  errorRateMax: z.number(),
  /** Requests since the step began. */
  window: canaryWindowSchema,
  verdict: z.enum(canaryVerdicts),
  /** It was asked for as `healthCheck`. */
  isHealthCheck: z.boolean(),
  /** When it goes back, should it not have ended by then. */
  expiresAt: z.iso.datetime(),
})
export type Canary = z.infer<typeof canarySchema>
