import { type EnvironmentName, ImprunError, type PatchEnvironment } from '@imprun/contracts'
import type { GuardProtected } from '../approvals/guard-protected.ts'
import type { Protect } from '../approvals/protect.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import type { InstanceStore } from '../instances/instance-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { VariableHistory } from '../variables/variable-history.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import { settingsNotAcknowledged } from './environment-errors.ts'
import type { EnvironmentSettingsStore } from './environment-settings.ts'
import type { EnvironmentStore, StoredEnvironment } from './environment-store.ts'
import { type Addresses, toEnvironmentDetail } from './environment-view.ts'
import { createVariableRoutes } from './variable-routes.ts'

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

type RouteNames =
  | 'getEnvironment'
  | 'patchEnvironment'
  | 'retryEnvironment'
  | 'releaseHold'
  | 'acknowledgeDrift'
  | keyof ReturnType<typeof createVariableRoutes>

export function createEnvironmentRoutes(deps: {
  gateways: Pick<GatewayStore, 'getOwned' | 'getChangeable' | 'getAdministered'>
  protect: Protect
  guardProtected: GuardProtected
  environments: EnvironmentStore
  instances: Pick<InstanceStore, 'retryOf'>
  settings: Pick<EnvironmentSettingsStore, 'change' | 'revertVariables'>
  variables: Pick<VariableStore, 'get'>
  variableHistory: Pick<VariableHistory, 'list'>
  runtimes: RuntimesPort
  addresses: Addresses
  clock: Clock
}): Pick<Handlers, RouteNames> {
  const { gateways, protect, guardProtected, environments, instances, settings, variables, runtimes, addresses, clock } = deps
  const show = async (stored: StoredEnvironment) => toEnvironmentDetail(stored, await variables.get(stored), addresses, clock.now())
  const showOnceInForce = async (gatewayId: string, environment: EnvironmentName, revision: number, signal: AbortSignal) => {
    // A refusal is about the code of some function: the runtime has read everything up to this revision and enforces the setting.
    const answer = await runtimes.waitForRuntimes(gatewayId, environment, revision, { deadlineMs: acknowledgeDeadlineMs, signal })
    if (answer.outcome === 'late') throw settingsNotAcknowledged(gatewayId, environment, answer.runtimeIds)
    return show(await environments.get(gatewayId, environment))
  }

  return {
    ...createVariableRoutes({ ...deps, showOnceInForce }),

    async getEnvironment({ params, account }) {
      await gateways.getOwned(params.gatewayId, account.userId)
      return show(await environments.get(params.gatewayId, params.environment))
    },

    async retryEnvironment({ params, account }) {
      await gateways.getChangeable(params.gatewayId, account.userId)
      const { _id, gatewayId, environment } = await environments.get(params.gatewayId, params.environment)
      await instances.retryOf(_id)
      await environments.retry(gatewayId, environment)
      return show(await environments.get(gatewayId, environment))
    },

    async releaseHold({ params, body, account, audit }) {
      audit({ ...body })
      if (account.isAutomation) throw new ImprunError('FORBIDDEN', 'A hold is there to stop automation. Sign in as a person to lift it.')
      await gateways.getChangeable(params.gatewayId, account.userId)
      const { gatewayId, environment } = await environments.get(params.gatewayId, params.environment)
      await environments.setHold(gatewayId, environment, undefined)
      return show(await environments.get(gatewayId, environment))
    },

    async acknowledgeDrift({ params, account, audit }) {
      await gateways.getChangeable(params.gatewayId, account.userId)
      const { gatewayId, environment, drifted } = await environments.get(params.gatewayId, params.environment)
      audit({ functions: drifted?.functions ?? [] })
      await environments.forgetDrift(gatewayId, environment)
      return show(await environments.get(gatewayId, environment))
    },

    async patchEnvironment({ params, body, account, signal, audit }) {
      await (body.protection ? gateways.getAdministered(params.gatewayId, account.userId) : gateways.getChangeable(params.gatewayId, account.userId))
      const { gatewayId, environment } = await environments.get(params.gatewayId, params.environment)
      await guardProtected(gatewayId, [environment], account.userId)
      audit(factsOf(body))
      const { protection, state, ...others } = body
      if (protection) await protect({ gatewayId, environment }, protection, account)
      if (state) await environments.wantOwn(gatewayId, environment, state)
      if (Object.keys(others).length === 0) return show(await environments.get(gatewayId, environment))
      const revision = await settings.change({ gatewayId, environment }, others, account.name)
      return showOnceInForce(gatewayId, environment, revision, signal)
    },
  }
}

/** Variables by name only: which were set and which deleted. */
function factsOf({ variables, ...settings }: PatchEnvironment): Record<string, unknown> {
  if (!variables) return settings
  const isDeleted = (name: string) => variables[name] === null
  const names = Object.keys(variables)
  return { ...settings, variablesSet: names.filter((name) => !isDeleted(name)), variablesDeleted: names.filter(isDeleted) }
}
