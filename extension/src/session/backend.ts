import * as z from 'zod'

/** A backend that somebody signed in to, as it is kept in SecretStorage. */
export const backendSchema = z.object({
  apiUrl: z.string(),
  token: z.string(),
  userId: z.string(),
  userName: z.string(),
  /** Set when found on this machine: read again before every attempt, because a restart may have moved it. */
  connectionFile: z.string().optional(),
})
export type Backend = z.infer<typeof backendSchema>

export const sessionsSchema = z.object({ active: z.string().optional(), backends: z.array(backendSchema) })
export type Sessions = z.infer<typeof sessionsSchema>

/** `localhost:7420`: how a backend is named to people and, made safe, in paths. */
export const backendName = (apiUrl: string): string => new URL(apiUrl).host
