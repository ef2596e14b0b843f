import * as z from 'zod'

/** A deployment that nobody decides on in this time ends. */
export const approvalTtlMs = 7 * 24 * 3600_000

export const approvalDecisionSchema = z.object({
  userId: z.string(),
  by: z.string(),
  decision: z.enum(['approved', 'rejected']),
  at: z.iso.datetime(),
  comment: z.string().optional(),
})

/** What a deployment into a protected environment waits for, or has waited for. */
export const approvalSchema = z.object({
  required: z.number().int(),
  /** Who may decide; absent: every member who may approve. Never its author. */
  approvers: z.array(z.string()).optional(),
  expiresAt: z.iso.datetime(),
  /** sha256 of the release that is approved, and of no other. */
  releaseHash: z.string(),
  decisions: z.array(approvalDecisionSchema),
})
export type Approval = z.infer<typeof approvalSchema>
