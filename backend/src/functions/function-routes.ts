import type { EnvironmentName } from '@imprun/contracts'
import type { GuardProtected } from '../approvals/guard-protected.ts'
import { toPage } from '../database/paging.ts'
import type { Handlers } from '../http/handlers.ts'
import { newId } from '../platform/ids.ts'
import type { Quotas } from '../quotas/quotas.ts'
import type { OwnedGateways } from './function-lookup.ts'
import { checkCodeSize, hashSource } from './function-rules.ts'
import type { StoredFunction } from './function-store.ts'
import { type FunctionFacts, readFunctionFacts, toFunctionView } from './function-view.ts'
import { type RemoveFunctionDeps, removeFunction } from './remove-function.ts'
import { type SaveFunctionDeps, saveFunction } from './save-function.ts'

export interface FunctionRoutesDeps extends SaveFunctionDeps, RemoveFunctionDeps, FunctionFacts {
  gateways: OwnedGateways
  quotas: Pick<Quotas, 'makeFunction'>
  guardProtected: GuardProtected
}

type RouteNames = 'createFunction' | 'listFunctions' | 'getFunction' | 'saveFunction' | 'deleteFunction'

export function createFunctionRoutes(deps: FunctionRoutesDeps): Pick<Handlers, RouteNames> {
  const { gateways, guardProtected, quotas, functions, lookup, clock } = deps
  return {
    async createFunction({ params, body, account, audit }) {
      audit({ function: body.name })
      checkCodeSize(body.code)
      const gateway = await gateways.getChangeable(params.gatewayId, account.userId)
      const now = clock.now()
      const { name, code, methods, limits } = body
      const stored: StoredFunction = {
        _id: newId(),
        gatewayId: gateway.gatewayId,
        ownerId: gateway.ownerId,
        name,
        revision: 1,
        code,
        sourceHash: hashSource({ code, methods, limits }),
        ...(methods ? { methods } : {}),
        limits,
        served: {},
        createdAt: now,
        createdBy: account,
        updatedAt: now,
        updatedBy: account,
      }
      await quotas.makeFunction(gateway, (session) => functions.insert(stored, session))
      audit({ functionId: stored._id })
      return toFunctionView(stored)
    },
    async listFunctions({ params, query, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      const [listed, complete] = await Promise.all([functions.list(gatewayId, query), readFunctionFacts(deps, gatewayId)])
      return toPage(
        listed,
        query.limit,
        ({ name }) => name,
        (stored) => complete(toFunctionView(stored)),
      )
    },
    async getFunction({ params, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      return (await readFunctionFacts(deps, stored.gatewayId))(toFunctionView(stored))
    },
    saveFunction: (request) => saveFunction(deps, request),
    async deleteFunction({ params, account, audit }) {
      audit({ function: params.functionId })
      const { stored } = await lookup.getForChange(params.gatewayId, params.functionId, account.userId)
      audit({ functionId: stored._id })
      await guardProtected(stored.gatewayId, Object.keys(stored.served) as EnvironmentName[], account.userId)
      await removeFunction(deps, stored)
      return {}
    },
  }
}
