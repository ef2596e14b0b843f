import { functionNotFound } from './function-errors.ts'
import type { FunctionStore, StoredFunction } from './function-store.ts'

/** What functions and deployments need to know of the gateway they are in. */
export interface OwnedGateway {
  gatewayId: string
  ownerId: string
  /** While on, a release enters staging only from dev and prod only from staging. */
  pipeline: 'on' | 'off'
}
export interface OwnedGateways {
  /** For whoever may read it. @throws GATEWAY_NOT_FOUND, for a stranger too. */
  getOwned(gatewayId: string, userId: string): Promise<OwnedGateway>
  /** For a change. @throws FORBIDDEN for a member whose role is too small, and GATEWAY_BEING_DELETED, as well. */
  getChangeable(gatewayId: string, userId: string): Promise<OwnedGateway>
}

export interface FunctionLookup {
  /** @param reference an id, a name, or `<environment>/<name>`. @throws GATEWAY_NOT_FOUND, FUNCTION_NOT_FOUND */
  getOwned(gatewayId: string, reference: string, userId: string): Promise<{ gateway: OwnedGateway; stored: StoredFunction }>
  /** The same, for a change. @throws FORBIDDEN, GATEWAY_BEING_DELETED as well. */
  getForChange(gatewayId: string, reference: string, userId: string): Promise<{ gateway: OwnedGateway; stored: StoredFunction }>
}

export function createFunctionLookup({ gateways, functions }: { gateways: OwnedGateways; functions: FunctionStore }): FunctionLookup {
  const findIn = async (finding: Promise<OwnedGateway>, gatewayId: string, reference: string) => {
    const [gateway, stored] = await Promise.all([finding, functions.findByReference(gatewayId, reference)])
    if (!stored) throw functionNotFound(reference)
    return { gateway, stored }
  }
  return {
    getOwned: (gatewayId, reference, userId) => findIn(gateways.getOwned(gatewayId, userId), gatewayId, reference),
    getForChange: (gatewayId, reference, userId) => findIn(gateways.getChangeable(gatewayId, userId), gatewayId, reference),
  }
}
