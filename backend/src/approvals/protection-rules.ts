import { ImprunError, type InputFault, type MemberRole, mayIn, type Protection } from '@imprun/contracts'

export interface PossibleApprover {
  userId: string
  name: string
  role: MemberRole
}

/** @throws INPUT_INVALID for approvers who may not approve, and for more approvals than there are people to give them. */
export function checkProtection(protection: Protection, people: readonly PossibleApprover[]): void {
  const errors = protectionFaults(protection, people)
  if (errors.length > 0) throw new ImprunError('INPUT_INVALID', 'Nobody could deploy there with this protection.', { errors })
}

/** Why nobody could deploy there; none when somebody can. */
export function protectionFaults({ approvals, approvers }: Protection, people: readonly PossibleApprover[]): InputFault[] {
  const able = people.filter(({ role }) => mayIn(role, 'approve'))
  const errors = (approvers ?? []).flatMap((userId, index): InputFault[] => {
    if (able.some((each) => each.userId === userId)) return []
    const person = people.find((each) => each.userId === userId)
    const message = person ? `${person.name} is ${person.role}. Give the role approver first.` : `${userId} is no member. Let this person in as approver first.`
    return [{ field: `protection.approvers.${index}`, message }]
  })
  const possible = approvers === undefined ? able : able.filter(({ userId }) => approvers.includes(userId))
  if (approvals > possible.length && errors.length === 0) {
    const names = possible.map(({ name }) => name).join(', ') || 'nobody'
    errors.push({ field: 'protection.approvals', message: `Only ${possible.length} may approve (${names}). Ask for fewer, or let more people approve.` })
  }
  return errors
}

/** Who may approve is a set. */
export const normalized = ({ approvers, ...others }: Protection): Protection => ({
  ...others,
  ...(approvers ? { approvers: [...new Set(approvers)].sort() } : {}),
})

export const isProtecting = ({ approvals, freezes }: Protection): boolean => approvals > 0 || freezes.length > 0
