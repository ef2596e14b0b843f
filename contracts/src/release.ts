import * as z from 'zod'

export const bumps = ['patch', 'minor', 'major'] as const
export type Bump = (typeof bumps)[number]
/** What is new, for people: Markdown. */
export const releaseNotesSchema = z.string().trim().min(1).max(10_000)

/** An immutable release: what was compiled once and is promoted as it is. */
export const releaseSchema = z
  .object({
    releaseId: z.string(),
    gatewayId: z.string(),
    functionId: z.string(),
    functionName: z.string(),
    /** semver, from 1.0.0 upward; promotion keeps it. */
    version: z.string(),
    notes: z.string().optional(),
    /** sha256 of the compiled bundle, hex. */
    hash: z.string(),
    /** Names read as `imp.env.NAME`, found in the code; an environment has to have them. */
    variables: z.array(z.string()).optional(),
    /** The gateway's own files that it was bundled with, as they were then. */
    imports: z.array(z.object({ file: z.string(), hash: z.string(), source: z.string().optional() })).optional(),
    /** The packages in the bundle, and the sha256 of the lock that they came from. */
    packages: z.object({ lockHash: z.string(), versions: z.array(z.object({ name: z.string(), version: z.string() })) }).optional(),
    /** The author's source; left out of lists. */
    source: z.string().optional(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
  })
  .meta({ id: 'Release' })
export type Release = z.infer<typeof releaseSchema>

/** What changed from one release of a function to another. */
export const releaseComparisonSchema = z
  .object({
    from: releaseSchema,
    to: releaseSchema,
    /** The author's files that differ, of both releases, with the change in the unified format. */
    files: z.array(z.object({ file: z.string(), change: z.enum(['added', 'removed', 'changed']), patch: z.string() })),
    packages: z.array(z.object({ name: z.string(), before: z.string().optional(), after: z.string().optional() })),
  })
  .meta({ id: 'ReleaseComparison' })
export type ReleaseComparison = z.infer<typeof releaseComparisonSchema>
