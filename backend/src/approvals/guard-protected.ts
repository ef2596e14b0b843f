import type { EnvironmentName } from '@imprun/contracts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'

/**
 * Lets only those who may change the protection itself do what would lead around it: change settings and variables of an environment that asks for
 * approvals, or take away what it serves.
 * @throws FORBIDDEN naming the roles that are enough
 */
export type GuardProtected = (gatewayId: string, touched: readonly EnvironmentName[], userId: string) => Promise<void>

export function createGuardProtected({
  gateways,
  environments,
}: {
  gateways: Pick<GatewayStore, 'getAdministered'>
  environments: Pick<EnvironmentStore, 'listOf'>
}): GuardProtected {
  return async (gatewayId, touched, userId) => {
    if (touched.length === 0) return
    const theirs = await environments.listOf(gatewayId)
    const asksForApprovals = theirs.some(({ environment, protection }) => touched.includes(environment) && (protection?.approvals ?? 0) > 0)
    if (asksForApprovals) await gateways.getAdministered(gatewayId, userId)
  }
}
