import * as z from 'zod'

export const dependenciesMax = 100
const packageNameLengthMax = 214
const rangeLengthMax = 100

const packageNameSchema = z
  .string()
  .max(packageNameLengthMax, `Use at most ${packageNameLengthMax} characters.`)
  .regex(/^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/, 'Use the name of an npm package, for example "zod" or "@scope/name".')

/** Ranges and tags have neither a colon nor a slash; addresses, folders and repositories have. */
const rangeSchema = z
  .string()
  .max(rangeLengthMax, `Use at most ${rangeLengthMax} characters.`)
  .regex(
    /^[0-9A-Za-z.^~<>=|*+ _-]*$/,
    'Use a version, a range or a tag, for example "1.2.3", "^4.0.0" or "latest"; git, file, link and web addresses are not taken.',
  )

export const putPackagesSchema = z.strictObject({
  dependencies: z
    .record(packageNameSchema, rangeSchema)
    .refine((dependencies) => Object.keys(dependencies).length <= dependenciesMax, `Use at most ${dependenciesMax} packages.`),
})
export type PutPackages = z.infer<typeof putPackagesSchema>

export const packagesSchema = z
  .object({
    gatewayId: z.string(),
    /** Name and range of each, as they were declared. */
    dependencies: z.record(z.string(), z.string()),
    /** The version that each of them was resolved to; functions get it with their next publish. */
    resolved: z.array(z.object({ name: z.string(), version: z.string() })),
    /** sha256 of the lock, hex; absent while nothing is declared. */
    lockHash: z.string().optional(),
    updatedAt: z.iso.datetime().optional(),
    updatedBy: z.string().optional(),
  })
  .meta({ id: 'Packages' })
export type Packages = z.infer<typeof packagesSchema>
