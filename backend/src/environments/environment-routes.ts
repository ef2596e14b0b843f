import type { EnvironmentName } from '@imprun/contracts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import { settingsNotAcknowledged } from './environment-errors.ts'
import type { EnvironmentSettingsStore } from './environment-settings.ts'
import type { EnvironmentStore } from './environment-store.ts'
import { type Addresses, toEnvironmentView } from './environment-view.ts'

/** Waits until every live runtime has applied a revision. */
export interface RuntimesPort {
  waitForRuntimes(
    gatewayId: string,
    environment: EnvironmentName,
    revision: number,
    options: { deadlineMs: number; signal: AbortSignal },
  ): Promise<{ outcome: 'applied' | 'refused' | 'no-runtime' } | { outcome: 'late'; runtimeIds: string[] }>
}

/** Longer than a runtime needs to be given up for lost, so that a dead one delays the answer and does not fail it. */
const acknowledgeDeadlineMs = 10_000

export function createEnvironmentRoutes(deps: {
  gateways: Pick<GatewayStore, 'getOwned' | 'getChangeable'>
  environments: EnvironmentStore
  settings: EnvironmentSettingsStore
  runtimes: RuntimesPort
  addresses: Addresses
}): Pick<Handlers, 'getEnvironment' | 'patchEnvironment'> {
  const { gateways, environments, settings, runtimes, addresses } = deps
  return {
    async getEnvironment({ params, account }) {
      await gateways.getOwned(params.gatewayId, account.userId)
      return toEnvironmentView(await environments.get(params.gatewayId, params.environment), addresses)
    },

    async patchEnvironment({ params, body, account, signal, audit }) {
      await gateways.getChangeable(params.gatewayId, account.userId)
      const stored = await environments.get(params.gatewayId, params.environment)
      const { gatewayId, environment } = stored
      audit({ ...body })
      // Written even when nothing changes: an earlier call may have been answered "not acknowledged", and this one is to be sure.
      const revision = await settings.setAuthType(stored, body.authType ?? stored.authType)
      // A refusal is about the code of some function: the runtime has read everything up to this revision and enforces the setting.
      const answer = await runtimes.waitForRuntimes(gatewayId, environment, revision, { deadlineMs: acknowledgeDeadlineMs, signal })
      if (answer.outcome === 'late') throw settingsNotAcknowledged(gatewayId, environment, answer.runtimeIds)
      return toEnvironmentView(await environments.get(gatewayId, environment), addresses)
    },
  }
}
