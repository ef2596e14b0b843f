import { createHash } from 'node:crypto'
import * as z from 'zod'
import { packageSourceRefused } from './package-errors.ts'

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), resolved: z.string().optional(), link: z.boolean().optional() })),
})
export type Lock = z.infer<typeof lockSchema>

export const parseLock = (text: string): Lock => lockSchema.parse(JSON.parse(text))

export const hashLock = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** The registry's packages have no address in the lock. @throws PACKAGES_NOT_INSTALLED for one that came from anywhere else. */
export function checkSources({ packages }: Lock): void {
  for (const [place, { resolved, link }] of Object.entries(packages)) {
    if (place !== '' && (link || resolved !== undefined || !place.startsWith('node_modules/'))) throw packageSourceRefused(place)
  }
}

export const versionAt = ({ packages }: Lock, place: string): string => packages[place]?.version ?? ''
