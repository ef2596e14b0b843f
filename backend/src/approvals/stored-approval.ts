import { type Approval, approvalTtlMs, type Protection } from '@imprun/contracts'

export interface StoredDecision {
  userId: string
  by: string
  decision: 'approved' | 'rejected'
  at: Date
  comment?: string
}

export interface StoredApproval {
  /** As the environment asked when the deployment was accepted. */
  required: number
  approvers?: string[]
  expiresAt: Date
  releaseHash: string
  decisions: StoredDecision[]
  /** When the last approval came: from then on it is a deployment like any other. */
  approvedAt?: Date
}

/** @returns undefined where nobody has to be asked. */
export function approvalFor(protection: Protection | undefined, releaseHash: string, now: Date): StoredApproval | undefined {
  if (!protection || protection.approvals === 0) return undefined
  const { approvals, approvers } = protection
  return { required: approvals, ...(approvers ? { approvers } : {}), expiresAt: new Date(now.getTime() + approvalTtlMs), releaseHash, decisions: [] }
}

export const toApprovalView = ({ required, approvers, expiresAt, releaseHash, decisions }: StoredApproval): Approval => ({
  required,
  ...(approvers ? { approvers } : {}),
  expiresAt: expiresAt.toISOString(),
  releaseHash,
  decisions: decisions.map(({ at, ...decision }) => ({ ...decision, at: at.toISOString() })),
})
