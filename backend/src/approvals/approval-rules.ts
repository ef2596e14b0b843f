import { type MemberRole, mayIn, type Protection } from '@imprun/contracts'
import { refuseAutomation } from '../accounts/automation.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { Caller } from '../http/handlers.ts'
import { roleTooSmall } from '../members/member-errors.ts'
import { approvedByAuthor, notAmongApprovers, notYoursToCancel } from './approval-errors.ts'
import type { StoredApproval } from './stored-approval.ts'

type Asked = Pick<StoredDeployment, 'gatewayId' | 'environment' | 'by' | 'approval'>

/**
 * Who may say yes or no: a person, by whatever token of theirs, who has the role, is among those named, and is not the author.
 * @throws FORBIDDEN
 */
export function checkDecider({ gatewayId, environment, by, approval }: Asked, caller: Caller, role: MemberRole): void {
  refuseAutomation(caller, 'approve or reject')
  if (!mayIn(role, 'approve')) throw roleTooSmall(gatewayId, role, 'approve')
  if (by.userId === caller.userId) throw approvedByAuthor()
  if (approval?.approvers && !approval.approvers.includes(caller.userId)) throw notAmongApprovers(environment)
}

/** @throws FORBIDDEN */
export function checkCanceller({ by }: Asked, caller: Caller, role: MemberRole): void {
  if (by.userId !== caller.userId && !mayIn(role, 'administer')) throw notYoursToCancel()
}

/** Whoever may no longer approve has not approved. */
export function countApprovals({ decisions }: Pick<StoredApproval, 'decisions'>, roles: ReadonlyMap<string, MemberRole>): number {
  const given = decisions.filter(({ decision, userId }) => {
    const role = roles.get(userId)
    return decision === 'approved' && role !== undefined && mayIn(role, 'approve')
  })
  return new Set(given.map(({ userId }) => userId)).size
}

/**
 * More approvals, or other people to give them, are another question than the one that was answered. Fewer approvals and freezes are not: what was asked
 * for stays asked for, and freezes are a gate of their own.
 */
export function hasTightened({ required, approvers }: Pick<StoredApproval, 'required' | 'approvers'>, protection: Protection | undefined): boolean {
  if (!protection || protection.approvals === 0) return false
  return protection.approvals > required || (protection.approvers ?? []).join() !== (approvers ?? []).join()
}
