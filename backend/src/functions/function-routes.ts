import { environmentNames, type ImprunError, isImprunError, type SavedFunction } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { toPage } from '../database/paging.ts'
import { deploymentEnded } from '../deployments/deployment-errors.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { toServed } from '../deployments/run.ts'
import type { ApiRequest, Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Compiler } from '../publishing/compile.ts'
import { functionNotFound, revisionStale } from './function-errors.ts'
import type { FunctionLookup, OwnedGateway, OwnedGateways } from './function-lookup.ts'
import { checkCodeSize, hashSource } from './function-rules.ts'
import type { FunctionStore, StoredFunction } from './function-store.ts'
import { toFunctionView } from './function-view.ts'
import { logCursorKey, readLogs, toLogEntry } from './log-view.ts'
import { type RemoveFunctionDeps, removeFunction } from './remove-function.ts'

export interface FunctionRoutesDeps extends RemoveFunctionDeps {
  database: Database
  gateways: OwnedGateways
  functions: FunctionStore
  lookup: FunctionLookup
  deployments: Deployments
  compiler: Compiler
  clock: Clock
}

type RouteNames = 'createFunction' | 'listFunctions' | 'getFunction' | 'saveFunction' | 'deleteFunction' | 'listLogs'

export function createFunctionRoutes(deps: FunctionRoutesDeps): Pick<Handlers, RouteNames> {
  const { database, gateways, functions, lookup, clock } = deps
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
        ownerId: account.userId,
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
      await functions.insert(stored)
      audit({ functionId: stored._id })
      return toFunctionView(stored)
    },
    async listFunctions({ params, query, account }) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
      return toPage(await functions.list(gatewayId, query), query.limit, ({ name }) => name, toFunctionView)
    },
    async getFunction({ params, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      return toFunctionView(stored)
    },
    saveFunction: (request) => saveFunction(deps, request),
    async deleteFunction({ params, account, audit }) {
      audit({ function: params.functionId })
      const { stored } = await lookup.getForChange(params.gatewayId, params.functionId, account.userId)
      audit({ functionId: stored._id })
      await removeFunction(deps, stored)
      return {}
    },
    async listLogs({ params, query, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const { limit, cursor, environment } = query
      const { gatewayId, name: functionName } = stored
      const rows = await readLogs(database, { gatewayId, functionName, environments: environment ? [environment] : environmentNames, limit, cursor })
      return toPage(rows, limit, logCursorKey, (row) => toLogEntry(gatewayId, row))
    },
  }
}

type Save = ApiRequest<'saveFunction'>

async function saveFunction(deps: FunctionRoutesDeps, request: Save): Promise<SavedFunction> {
  const { params, query, body, account, audit } = request
  audit({ function: params.functionId, ...(body.baseRevision === undefined ? { isForced: true } : { baseRevision: body.baseRevision }) })
  checkCodeSize(body.code)
  const { gateway, stored } = await deps.lookup.getForChange(params.gatewayId, params.functionId, account.userId)
  if (query.publish === undefined) return { function: toFunctionView(await save(deps, stored, request)) }
  // Compiled while MongoDB still writes; a refusal is told by the publish, after the save.
  const compiling = deps.compiler.compile(stored.name, body.code)
  compiling.catch(() => {})
  const saved = await save(deps, stored, request)
  return publishSaved(deps, request, gateway, saved, compiling)
}

/** Only saves without a base revision are tried again, each time that another save was quicker. */
const saveAttemptsMax = 50

/** @throws REVISION_STALE; without a base revision the save overwrites whatever is there. */
async function save({ functions, clock }: FunctionRoutesDeps, found: StoredFunction, { body, account, params, audit }: Save): Promise<StoredFunction> {
  let stored = found
  for (let attempt = 1; attempt <= saveAttemptsMax; attempt++) {
    const now = clock.now()
    if (body.baseRevision !== undefined && body.baseRevision !== stored.revision) {
      const theirs = { by: stored.updatedBy.name, at: stored.updatedAt }
      throw revisionStale({ baseRevision: body.baseRevision, revision: stored.revision, theirs, yours: { by: account.name, at: now } })
    }
    const source = { code: body.code, methods: body.methods ?? stored.methods, limits: body.limits ?? stored.limits }
    const saved = await functions.save(stored._id, stored.revision, { ...source, sourceHash: hashSource(source), updatedAt: now, updatedBy: account })
    if (saved) {
      audit({ functionId: saved._id, fromRevision: stored.revision, toRevision: saved.revision })
      return saved
    }
    const newer = await functions.findById(stored._id)
    if (!newer) throw functionNotFound(params.functionId)
    stored = newer
  }
  throw new Error(`Function ${stored._id} changed ${saveAttemptsMax} times while one save was tried.`)
}

/** The save is kept whatever becomes of the publish, so a refusal is part of a good answer. */
async function publishSaved(
  deps: FunctionRoutesDeps,
  { account, requestId, receivedAtMs, audit }: Save,
  gateway: OwnedGateway,
  saved: StoredFunction,
  compiling: ReturnType<Compiler['compile']>,
): Promise<SavedFunction> {
  try {
    const ended = await deps.deployments.publish({ gateway, stored: saved, environment: 'dev', compiling, by: account, requestId, receivedAtMs })
    audit({ deploymentId: ended._id, releaseId: ended.releaseId, version: ended.version, result: ended.status })
    const deployment = toDeploymentView(ended)
    if (ended.status !== 'SUCCESS') return { function: toFunctionView(saved), deployment, refusal: toRefusal(deploymentEnded(deployment)) }
    // Not read again: the revision stays that of this save, so that somebody else's later one does not become the base of the caller's next.
    return { function: toFunctionView({ ...saved, served: { ...saved.served, dev: toServed(ended) } }), deployment }
  } catch (error) {
    if (!isImprunError(error)) throw error
    audit({ result: error.code })
    return { function: toFunctionView(saved), refusal: toRefusal(error) }
  }
}

const toRefusal = ({ code, message, errors }: ImprunError): NonNullable<SavedFunction['refusal']> => ({ code, detail: message, errors: [...(errors ?? [])] })
