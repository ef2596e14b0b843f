import { type Ability, ImprunError, type MemberRole, rolesWith } from '@imprun/contracts'

const toDo: Record<Ability, string> = {
  change: 'change something in it',
  administer: 'change what protects it',
  approve: 'approve or reject',
  delete: 'delete it',
}

/** For a member only: a stranger is not told that there is such a gateway. */
export function roleTooSmall(gatewayId: string, role: MemberRole, ability: Ability): ImprunError {
  const needed = rolesWith(ability).toReversed()
  return new ImprunError(
    'FORBIDDEN',
    `In ${gatewayId} you are ${role}; to ${toDo[ability]}, you need the role ${needed.join(' or ')}. Its owner and admins give roles.`,
    { facts: { role, needed } },
  )
}

export const memberNotFound = (gatewayId: string, userId: string) =>
  new ImprunError('MEMBER_NOT_FOUND', `${userId} is no member of ${gatewayId}. GET its members lists those there are.`)

export const ownerStays = (gatewayId: string) =>
  new ImprunError('INPUT_INVALID', `This is the owner of ${gatewayId}, who has every right in it already and keeps them.`, {
    errors: [{ field: 'path.userId', message: 'Name somebody else than the owner.' }],
  })
