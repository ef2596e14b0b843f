import * as z from 'zod'

export const regionIdSchema = z
  .string()
  .max(40, 'Use at most 40 characters.')
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'Use lower-case letters, digits and single hyphens, starting with a letter, for example "seoul".')
const name = z.string().trim().min(1, 'A region needs a name.').max(80, 'Use at most 80 characters.')
const baseDomain = z
  .string()
  .max(120)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'Use a host name in lower case, for example "functions.example.com".')

/** Runtimes of a region on one backend, and the range that their ports are taken from. */
const settings = {
  /** 0: any free port. */
  portsFirst: z.number().int().min(0).max(65_535),
  portsCount: z.number().int().min(1).max(1000),
  /** How many runtimes each backend starts. */
  runtimes: z.number().int().min(0).max(32),
}

/** A runtime as it is seen from outside: one process that serves environments. */
export const runtimeSchema = z.object({
  runtimeId: z.string(),
  state: z.enum(['starting', 'running', 'restarting', 'lost']),
  /** Where it takes requests, once it is known. */
  url: z.string().optional(),
})
export type RuntimeView = z.infer<typeof runtimeSchema>

export const regionSchema = z
  .object({
    regionId: z.string(),
    name: z.string(),
    driver: z.enum(['process']),
    /** Hosts of environments are `<gateway>.<environment>.<baseDomain>`. */
    baseDomain: z.string(),
    settings: z.object(settings),
    /** Only an administrator makes gateways here. */
    isProtected: z.boolean(),
    runtimes: z.array(runtimeSchema),
  })
  .meta({ id: 'Region' })
export type Region = z.infer<typeof regionSchema>

export const createRegionSchema = z.strictObject({
  regionId: regionIdSchema,
  name,
  driver: z.enum(['process']).default('process'),
  baseDomain,
  settings: z.strictObject({ portsFirst: settings.portsFirst.default(0), portsCount: settings.portsCount.default(20), runtimes: settings.runtimes.default(1) }),
  isProtected: z.boolean().default(false),
})
export type CreateRegion = z.infer<typeof createRegionSchema>

/** What is not named stays as it is. */
export const patchRegionSchema = z
  .strictObject({ name, baseDomain, settings: z.strictObject(settings).partial(), isProtected: z.boolean() })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least one of name, baseDomain, settings and isProtected.')
export type PatchRegion = z.infer<typeof patchRegionSchema>
