import * as z from 'zod'

/** An environment's variables, what functions read as `imp.env.NAME`. */
export const variablesMax = 200
export const variableValueBytesMax = 32 * 1024
/** Names and values of one environment together, as UTF-8. */
export const variablesBytesMax = 128 * 1024

export const variableNameSchema = z
  .string()
  .max(100, 'Use at most 100 characters.')
  .regex(/^[A-Z_][A-Z0-9_]*$/i, 'Use letters, digits and "_", not beginning with a digit, for example "API_URL".')

/** By name: a text, a text that is secret from now on, or null to delete. A plain text written to a secret variable stays secret. */
export const variablesPatchSchema = z.record(
  variableNameSchema,
  z.union([z.string(), z.strictObject({ value: z.string(), secret: z.boolean().optional() }), z.null()], {
    error: 'Give a text, { value, secret }, or null to delete it.',
  }),
)
export type VariablesPatch = z.infer<typeof variablesPatchSchema>

/** A secret is never told again once it is stored. */
export const variablesViewSchema = z.record(
  z.string(),
  z.discriminatedUnion('secret', [z.object({ secret: z.literal(false), value: z.string() }), z.object({ secret: z.literal(true) })]),
)
export type VariablesView = z.infer<typeof variablesViewSchema>

/** How many versions of an environment's variables are kept: with each that comes beyond that, the oldest goes. */
export const variableVersionsMax = 50

/** What a version did to one variable. Its value is not told, be it secret or not. */
export const variableChangeSchema = z.object({
  name: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
  /** Whether it is a secret since then; of one that was removed, whether it was. */
  secret: z.boolean(),
})
export type VariableChange = z.infer<typeof variableChangeSchema>

/** A change of an environment's variables that can be gone back to. */
export const variableVersionSchema = z
  .object({
    /** Counted from 1 in every environment; a number is never used again. */
    version: z.number().int().positive(),
    at: z.iso.datetime(),
    by: z.string(),
    changes: z.array(variableChangeSchema),
    /** Of a revert: the version whose variables it brought back. */
    revertedTo: z.number().int().positive().optional(),
  })
  .meta({ id: 'VariableVersion' })
export type VariableVersion = z.infer<typeof variableVersionSchema>

/** All variables as they were after that version, secrets included. What was made since is a version of its own, so this can be reverted, too. */
export const revertVariablesSchema = z.strictObject({ version: z.number().int().positive() })
