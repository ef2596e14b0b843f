import type { EnvironmentDetail, EnvironmentName, VariableChange, VariableVersion } from '@imprun/contracts'
import type { GuardProtected } from '../approvals/guard-protected.ts'
import { toPage } from '../database/paging.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import type { ListedVersion, VariableHistory } from '../variables/variable-history.ts'
import type { EnvironmentSettingsStore } from './environment-settings.ts'
import type { EnvironmentStore } from './environment-store.ts'

export function createVariableRoutes(deps: {
  gateways: Pick<GatewayStore, 'getOwned' | 'getChangeable'>
  guardProtected: GuardProtected
  environments: Pick<EnvironmentStore, 'get'>
  settings: Pick<EnvironmentSettingsStore, 'revertVariables'>
  variableHistory: Pick<VariableHistory, 'list'>
  /** Waits until every live runtime goes by the revision. */
  showOnceInForce(gatewayId: string, environment: EnvironmentName, revision: number, signal: AbortSignal): Promise<EnvironmentDetail>
}): Pick<Handlers, 'listVariableVersions' | 'revertVariables'> {
  const { gateways, guardProtected, environments, settings, variableHistory, showOnceInForce } = deps
  return {
    async listVariableVersions({ params, query, account }) {
      await gateways.getOwned(params.gatewayId, account.userId)
      const { gatewayId, environment } = await environments.get(params.gatewayId, params.environment)
      return toPage(await variableHistory.list({ gatewayId, environment }, query), query.limit, ({ version }) => String(version), toVersionView)
    },

    async revertVariables({ params, body, account, signal, audit }) {
      audit({ ...body })
      await gateways.getChangeable(params.gatewayId, account.userId)
      const { gatewayId, environment } = await environments.get(params.gatewayId, params.environment)
      await guardProtected(gatewayId, [environment], account.userId)
      const { revision, changes } = await settings.revertVariables({ gatewayId, environment }, body.version, account.name)
      audit(factsOf(changes))
      return showOnceInForce(gatewayId, environment, revision, signal)
    },
  }
}

const factsOf = (changes: readonly VariableChange[]) => {
  const namesOf = (isDeleted: boolean) => changes.filter(({ change }) => (change === 'removed') === isDeleted).map(({ name }) => name)
  return { variablesSet: namesOf(false), variablesDeleted: namesOf(true) }
}

const toVersionView = ({ version, at, by, changes, revertedTo }: ListedVersion): VariableVersion => ({
  version,
  at: at.toISOString(),
  by,
  changes,
  ...(revertedTo === undefined ? {} : { revertedTo }),
})
