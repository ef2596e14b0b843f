import type { Environment, EnvironmentDetail, LastError, StoredVariables } from '@imprun/contracts'
import type { PhaseDocument } from '../phases/phase-document.ts'
import type { RuntimeDriver } from '../runtime-driver/runtime-driver.ts'
import { toVariablesView } from '../variables/variable-rules.ts'
import { settingsOf } from './environment-settings.ts'
import type { StoredEnvironment } from './environment-store.ts'

/** Where consumers reach environments. */
export interface Addresses {
  url(gatewayId: string, environment: string): string
  pathUrl(gatewayId: string, environment: string): string
}

/** While the edge's port is not known yet, addresses are told without one. */
const unknownEdge = 'http://localhost'

export function createAddresses(driver: Pick<RuntimeDriver, 'edgeUrl'>): Addresses {
  const edge = () => driver.edgeUrl() ?? unknownEdge
  return {
    url(gatewayId, environment) {
      const { protocol, host } = new URL(edge())
      return `${protocol}//${gatewayId}.${environment}.${host}`
    },
    pathUrl: (gatewayId, environment) => `${edge()}/${gatewayId}/${environment}`,
  }
}

/** The part of a phase document that its owner sees. */
export function toLifecycleView({ state, phase, attempts, lastError, isStalled, nextAttemptAt }: PhaseDocument) {
  const told: LastError | undefined = lastError && { ...lastError, at: lastError.at.toISOString() }
  return {
    state,
    phase,
    attempts,
    isStalled,
    ...(told ? { lastError: told } : {}),
    ...(attempts > 0 ? { nextAttemptAt: nextAttemptAt.toISOString() } : {}),
  }
}

export const toEnvironmentView = (environment: StoredEnvironment, addresses: Addresses): Environment => ({
  ...toLifecycleView(environment),
  gatewayId: environment.gatewayId,
  name: environment.environment,
  authType: environment.authType,
  url: addresses.url(environment.gatewayId, environment.environment),
  pathUrl: addresses.pathUrl(environment.gatewayId, environment.environment),
  ...(environment.held ? { held: { ...environment.held, at: environment.held.at.toISOString() } } : {}),
  ...(environment.drifted ? { drifted: toDriftView(environment.drifted) } : {}),
  updatedAt: environment.updatedAt.toISOString(),
})

const toDriftView = ({ at, functions, repairedAt }: NonNullable<StoredEnvironment['drifted']>) => ({
  at: at.toISOString(),
  functions: [...functions].sort(),
  ...(repairedAt ? { repairedAt: repairedAt.toISOString() } : {}),
})

export const toEnvironmentDetail = (environment: StoredEnvironment, variables: StoredVariables, addresses: Addresses): EnvironmentDetail => ({
  ...toEnvironmentView(environment, addresses),
  ...settingsOf(environment),
  variables: toVariablesView(variables),
})
