import type { EnvironmentName, Protection } from '@imprun/contracts'
import type { AccountStore } from '../accounts/account-store.ts'
import { refuseAutomation } from '../accounts/automation.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { MemberStore } from '../members/member-store.ts'
import { checkProtection, normalized } from './protection-rules.ts'

interface ProtectDeps {
  accounts: Pick<AccountStore, 'getUser'>
  members: Pick<MemberStore, 'list'>
  gateways: Pick<GatewayStore, 'getAdministered'>
  environments: Pick<EnvironmentStore, 'setProtection'>
}

/**
 * Replaces what protects an environment.
 * @throws FORBIDDEN for a service token and for members who may not administer; INPUT_INVALID for protection that nobody could meet.
 */
export type Protect = (ref: { gatewayId: string; environment: EnvironmentName }, protection: Protection, caller: Caller) => Promise<void>

export const createProtect =
  ({ accounts, members, gateways, environments }: ProtectDeps): Protect =>
  async ({ gatewayId, environment }, protection, caller) => {
    refuseAutomation(caller, 'change what protects an environment')
    const { ownerId } = await gateways.getAdministered(gatewayId, caller.userId)
    const [owner, others] = await Promise.all([accounts.getUser(ownerId), members.list(gatewayId)])
    checkProtection(protection, [{ ...owner, role: 'owner' }, ...others])
    await environments.setProtection(gatewayId, environment, normalized(protection))
  }
