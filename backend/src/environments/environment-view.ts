import type { Environment, EnvironmentDetail, LastError, StoredVariables } from '@imprun/contracts'
import { type RuntimeDirectory, toRuntimeView } from '../instances/runtime-directory.ts'
import type { PhaseDocument } from '../phases/phase-document.ts'
import { localRegion } from '../regions/region-store.ts'
import type { RuntimesStatus } from '../runtime-driver/runtime-pool.ts'
import { toVariablesView } from '../variables/variable-rules.ts'
import { settingsOf } from './environment-settings.ts'
import type { StoredEnvironment } from './environment-store.ts'
import { toProtectionView } from './protection-view.ts'

/** Where consumers reach environments. */
export interface Addresses {
  of(environment: Place): Pick<Environment, 'url' | 'pathUrl' | 'runtime'>
  /** Where its runtime takes requests, for example `http://localhost:7421`; undefined while none does. */
  edgeUrl(environment: Pick<Place, 'runtimeId'>): string | undefined
}

type Place = Pick<StoredEnvironment, 'gatewayId' | 'environment' | 'runtimeId'>

/** While the edge's port is not known yet, addresses are told without one. */
const unknownEdge = 'http://localhost'

/** @param status knows an address for environments that no runtime was chosen for yet */
export function createAddresses(directory: Pick<RuntimeDirectory, 'find'>, status: Pick<RuntimesStatus, 'edgeUrl'>): Addresses {
  const runtimeOf = ({ runtimeId }: Pick<Place, 'runtimeId'>) => (runtimeId === undefined ? undefined : directory.find(runtimeId))
  const edgeUrl: Addresses['edgeUrl'] = (environment) => runtimeOf(environment)?.url ?? status.edgeUrl()
  return {
    edgeUrl,
    of(environment) {
      const { gatewayId, environment: name, runtimeId } = environment
      const runtime = runtimeOf(environment)
      const edge = edgeUrl(environment) ?? unknownEdge
      const { protocol, port } = new URL(edge)
      const host = `${gatewayId}.${name}.${runtime?.baseDomain ?? localRegion.baseDomain}`
      return {
        url: `${protocol}//${host}${port === '' ? '' : `:${port}`}`,
        pathUrl: `${edge}/${gatewayId}/${name}`,
        ...(runtimeId === undefined ? {} : { runtime: { runtimeId, state: runtime ? toRuntimeView(runtime).state : 'lost' } }),
      }
    },
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

export const toEnvironmentView = (environment: StoredEnvironment, addresses: Addresses, at: Date): Environment => ({
  ...toLifecycleView(environment),
  gatewayId: environment.gatewayId,
  name: environment.environment,
  authType: environment.authType,
  ...addresses.of(environment),
  ...(environment.held ? { held: { ...environment.held, at: environment.held.at.toISOString() } } : {}),
  ...toProtectionView(environment, at),
  ...(environment.drifted ? { drifted: toDriftView(environment.drifted) } : {}),
  updatedAt: environment.updatedAt.toISOString(),
})

const toDriftView = ({ at, functions, repairedAt }: NonNullable<StoredEnvironment['drifted']>) => ({
  at: at.toISOString(),
  functions: [...functions].sort(),
  ...(repairedAt ? { repairedAt: repairedAt.toISOString() } : {}),
})

export const toEnvironmentDetail = (environment: StoredEnvironment, variables: StoredVariables, addresses: Addresses, at: Date): EnvironmentDetail => ({
  ...toEnvironmentView(environment, addresses, at),
  ...settingsOf(environment),
  variables: toVariablesView(variables),
})
