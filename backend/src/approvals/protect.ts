import type { EnvironmentName, Protection } from '@imprun/contracts'
import { refuseAutomation } from '../accounts/automation.ts'
import type { Turns } from '../database/turns.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Caller } from '../http/handlers.ts'
import { listPeople, type PeopleDeps } from './people.ts'
import { checkProtection, normalized } from './protection-rules.ts'

interface ProtectDeps extends PeopleDeps {
  turns: Turns
  gateways: Pick<GatewayStore, 'getAdministered'>
  environments: Pick<EnvironmentStore, 'setProtection'>
}

/**
 * Replaces what protects an environment.
 * @throws FORBIDDEN for a service token and for members who may not administer; INPUT_INVALID for protection that nobody could meet.
 */
export type Protect = (ref: { gatewayId: string; environment: EnvironmentName }, protection: Protection, caller: Caller) => Promise<void>

export const createProtect =
  ({ turns, gateways, environments, ...deps }: ProtectDeps): Protect =>
  async ({ gatewayId, environment }, protection, caller) => {
    refuseAutomation(caller, 'change what protects an environment')
    const gateway = await gateways.getAdministered(gatewayId, caller.userId)
    // Nobody is taken out between the look at them and the write.
    await turns.take(gateway.ownerId, async (session) => {
      checkProtection(protection, await listPeople(deps, gateway, session))
      await environments.setProtection(gatewayId, environment, normalized(protection), session)
    })
  }
