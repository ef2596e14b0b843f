import { z } from 'zod'

/** An immutable release: what was compiled once and is promoted as it is. */
export const releaseSchema = z
  .object({
    releaseId: z.string(),
    gatewayId: z.string(),
    functionId: z.string(),
    functionName: z.string(),
    /** semver, from 1.0.0 upward; promotion keeps it. */
    version: z.string(),
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
