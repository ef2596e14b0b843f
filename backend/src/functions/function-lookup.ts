import { functionNotFound } from './function-errors.ts'
import type { FunctionStore, StoredFunction } from './function-store.ts'

/** What functions and deployments need to know of the gateway they are in. */
export interface OwnedGateway {
  gatewayId: string
  /** While on, a release enters staging only from dev and prod only from staging. */
  pipeline: 'on' | 'off'
}
export interface OwnedGateways {
  /** @throws GATEWAY_NOT_FOUND, for a stranger's gateway too. */
  getOwned(gatewayId: string, ownerId: string): Promise<OwnedGateway>
  /** The same, for a change. @throws GATEWAY_BEING_DELETED as well. */
  getChangeable(gatewayId: string, ownerId: string): Promise<OwnedGateway>
}

export interface FunctionLookup {
  /** @param reference an id, a name, or `<environment>/<name>`. @throws GATEWAY_NOT_FOUND, FUNCTION_NOT_FOUND */
  getOwned(gatewayId: string, reference: string, ownerId: string): Promise<{ gateway: OwnedGateway; stored: StoredFunction }>
  /** The same, for a change. @throws GATEWAY_BEING_DELETED as well. */
  getForChange(gatewayId: string, reference: string, ownerId: string): Promise<{ gateway: OwnedGateway; stored: StoredFunction }>
}

export function createFunctionLookup({ gateways, functions }: { gateways: OwnedGateways; functions: FunctionStore }): FunctionLookup {
  const findIn = async (finding: Promise<OwnedGateway>, gatewayId: string, reference: string) => {
    const [gateway, stored] = await Promise.all([finding, functions.findByReference(gatewayId, reference)])
    if (!stored) throw functionNotFound(reference)
    return { gateway, stored }
  }
  return {
    getOwned: (gatewayId, reference, ownerId) => findIn(gateways.getOwned(gatewayId, ownerId), gatewayId, reference),
    getForChange: (gatewayId, reference, ownerId) => findIn(gateways.getChangeable(gatewayId, ownerId), gatewayId, reference),
  }
}
