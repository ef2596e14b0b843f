import * as z from 'zod'
import { pageQuerySchema } from './paging.ts'

/** What one call of a mutating route did, or was refused to do. Written by the backend alone; nothing changes or removes one. */
export const auditRecordSchema = z
  .object({
    recordId: z.string(),
    at: z.iso.datetime(),
    /** Absent when the caller was not signed in. */
    userId: z.string().optional(),
    actor: z.string().optional(),
    tokenId: z.string().optional(),
    ip: z.string(),
    /** Name of the route in the OpenAPI document, for example `promoteFunction`. */
    route: z.string(),
    method: z.string(),
    params: z.record(z.string(), z.string()),
    /** Ids, versions, from and to: what the route had to say about it. Never a secret, never code. */
    facts: z.record(z.string(), z.unknown()),
    status: z.number().int(),
    /** Of a refusal. */
    code: z.string().optional(),
    requestId: z.string(),
  })
  .meta({ id: 'AuditRecord' })
export type AuditEntry = z.infer<typeof auditRecordSchema>

export const auditQuerySchema = pageQuerySchema.omit({ filter: true }).extend({
  route: z.string().max(60).optional(),
  userId: z.string().max(60).optional(),
  /** `done` or `refused`; absent: both. */
  result: z.enum(['done', 'refused']).optional(),
})
export type AuditQuery = z.infer<typeof auditQuerySchema>
