import { z } from 'zod'

export const accountSchema = z.object({ userId: z.string(), name: z.string() }).meta({ id: 'Account' })
export type Account = z.infer<typeof accountSchema>

/** IMPRUN_HOME/connection.json: how tools on the same machine find and enter a running backend. */
export const connectionSchema = z.object({ apiUrl: z.url(), edgeUrl: z.url(), token: z.string().min(1), pid: z.number().int().positive() })
export type Connection = z.infer<typeof connectionSchema>
