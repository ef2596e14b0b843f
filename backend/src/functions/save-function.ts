import { isImprunError, kindOfName, type SavedFunction } from '@imprun/contracts'
import { deploymentEnded, isRefusedByGates } from '../deployments/deployment-errors.ts'
import type { DeploymentStore } from '../deployments/deployment-store.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { toServed } from '../deployments/run.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { ApiRequest } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { inLine } from '../platform/lines.ts'
import type { Compiled, Compiler } from '../publishing/compile.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import { functionNotFound, revisionStale } from './function-errors.ts'
import type { FunctionLookup, OwnedGateway } from './function-lookup.ts'
import { checkCodeSize, hashSource } from './function-rules.ts'
import type { FunctionChanges, FunctionStore, StoredFunction } from './function-store.ts'
import { toFunctionView, withStaleness } from './function-view.ts'
import { findDependents, republish, toRefusal } from './republish.ts'
import type { StaleInDev } from './stale-in-dev.ts'

export interface SaveFunctionDeps {
  functions: FunctionStore
  lookup: FunctionLookup
  deployments: Deployments
  releases: ReleaseStore
  compiler: Compiler
  staleInDev: StaleInDev
  deploymentStore: Pick<DeploymentStore, 'findOfCall'>
  clock: Clock
}

type Save = ApiRequest<'saveFunction'>

/** Only saves that overwrite are tried again, each time that another save was quicker: those of this process one after the other. */
const attemptsMax = 100

/**
 * With `?publish=dev` one transaction saves and publishes. What may not be published is saved all the same, and the answer says why it is not live.
 * @throws REVISION_STALE; forced, or without a base revision, the save overwrites whatever is there.
 */
export async function saveFunction(deps: SaveFunctionDeps, request: Save): Promise<SavedFunction> {
  const answer = await save(deps, request)
  const { kind, gatewayId } = answer.function
  return kind === 'module' ? { ...answer, function: withStaleness(answer.function, await deps.staleInDev.read(gatewayId)) } : answer
}

async function save(deps: SaveFunctionDeps, request: Save): Promise<SavedFunction> {
  const { params, query, body, account, audit } = request
  const { baseRevision } = body
  audit({ function: params.functionId, ...(isForced(body) ? { isForced: true } : {}), ...(baseRevision === undefined ? {} : { baseRevision }) })
  checkCodeSize(body.code)
  const compiling = query.publish === undefined ? undefined : compileAhead(deps, request)
  const { gateway, stored } = await deps.lookup.getForChange(params.gatewayId, params.functionId, account.userId)
  const done = isOfThisCall(stored, request) ? await findDone(deps, stored, request) : undefined
  if (done) return done
  const isModule = kindOfName(stored.name) === 'module'
  const attempt = compiling && !isModule ? saveAndPublishOnce(deps, request, gateway, compiling(stored.name)) : saveOnce(deps)
  const importing = compiling && findDependents(deps, gateway.gatewayId, stored.name, body.code)
  importing?.catch(() => {})
  const finish = async (found: StoredFunction, answer: SavedFunction): Promise<SavedFunction> => {
    audit({ functionId: found._id, fromRevision: found.revision, toRevision: answer.function.revision })
    if (!compiling || !importing) return answer
    const refused = isModule ? await refusalOf(compiling(stored.name)) : answer.refusal
    return refused ? { ...answer, refusal: refused } : withRepublished(deps, request, gateway, answer, await importing)
  }
  const first = await attempt(stored, changesOf(deps, stored, request), () => {})
  if (first) return finish(stored, first)
  for (let attempts = 1; attempts < attemptsMax; attempts++) {
    const [found, answer] = await inLine(`saves of ${stored._id}`, async (leave) => {
      const newer = await deps.functions.findById(stored._id)
      if (!newer) throw functionNotFound(params.functionId)
      return [newer, await attempt(newer, changesOf(deps, newer, request), leave)] as const
    })
    if (answer) return finish(found, answer)
  }
  throw new Error(`Function ${stored._id} changed ${attemptsMax} times while one save was tried.`)
}

/** Begun again after a crash, and saved before it. */
const isOfThisCall = ({ lastCall, revision }: StoredFunction, { callId }: Save): boolean =>
  callId !== undefined && lastCall?.callId === callId && lastCall.revision === revision

/** @returns what the call had done before the crash; undefined when there is more to do than the save. */
async function findDone({ deploymentStore }: SaveFunctionDeps, stored: StoredFunction, { query, callId, audit }: Save): Promise<SavedFunction | undefined> {
  const saved = { functionId: stored._id, toRevision: stored.revision }
  if (query.publish === undefined) {
    audit(saved)
    return { function: toFunctionView(stored) }
  }
  const begun = await deploymentStore.findOfCall(callId)
  if (!begun) return undefined
  audit({ ...saved, deploymentId: begun._id, releaseId: begun.releaseId, version: begun.version, result: begun.status })
  return answerOf(stored, begun)
}

/** @returns undefined when another save was quicker. */
type Attempt = (found: StoredFunction, changes: FunctionChanges, onAccepted: () => void) => Promise<SavedFunction | undefined>

const saveOnce =
  ({ functions }: SaveFunctionDeps): Attempt =>
  async (found, changes) => {
    const saved = await functions.save(found._id, found.revision, changes)
    return saved && { function: toFunctionView(saved) }
  }

/** The compiler works while the database is still asked: most callers name the function, and its name is all that is needed. */
function compileAhead({ compiler }: SaveFunctionDeps, { params, body }: Save): (name: string) => Promise<Compiled> {
  const begin = (name: string) => {
    const compiling = compiler.compile({ gatewayId: params.gatewayId, name, code: body.code })
    // A refusal is told by the publish, which may come to it late or never.
    compiling.catch(() => {})
    return compiling
  }
  const ahead = begin(params.functionId)
  return (name) => (name === params.functionId ? ahead : begin(name))
}

/** A module is not served by itself, so what is wrong with it is told here, and not once more for each function that imports it. */
async function refusalOf(compiling: Promise<Compiled>): Promise<SavedFunction['refusal']> {
  try {
    await compiling
    return undefined
  } catch (error) {
    if (!isImprunError(error)) throw error
    return toRefusal(error)
  }
}

async function withRepublished(deps: SaveFunctionDeps, request: Save, gateway: OwnedGateway, answer: SavedFunction, functionIds: readonly string[]) {
  if (functionIds.length === 0) return answer
  const { body, account, requestId, receivedAtMs, audit } = request
  const republished = await republish(deps, { gateway, name: answer.function.name, code: body.code, by: account, requestId, receivedAtMs }, functionIds)
  audit({ republished: republished.map(({ functionName, deployment, refusal }) => ({ functionName, result: refusal?.code ?? deployment?.status })) })
  return { ...answer, republished }
}

function saveAndPublishOnce(deps: SaveFunctionDeps, request: Save, gateway: OwnedGateway, ahead: Promise<Compiled>): Attempt {
  const { account, requestId, callId, receivedAtMs, audit } = request
  let compiling: Promise<Compiled> | undefined = ahead
  return async (found, changes, onAccepted) => {
    // Another attempt may be needed because something that the code imports has changed.
    const compiled = compiling
    compiling = undefined
    try {
      const outcome = await deps.deployments.saveAndPublish({
        gateway,
        stored: found,
        changes,
        environment: 'dev',
        ...(compiled ? { compiling: compiled } : {}),
        onAccepted,
        by: account,
        requestId,
        ...(callId === undefined ? {} : { callId }),
        receivedAtMs,
      })
      if (outcome === 'lost') return undefined
      const { saved, ended } = outcome
      audit({ deploymentId: ended._id, releaseId: ended.releaseId, version: ended.version, result: ended.status })
      return answerOf(saved, ended)
    } catch (error) {
      if (!isRefusedByGates(error)) throw error
      audit({ result: error.code })
      const answer = await saveOnce(deps)(found, changes, onAccepted)
      return answer && { ...answer, refusal: toRefusal(error) }
    }
  }
}

function answerOf(saved: StoredFunction, deployed: StoredDeployment): SavedFunction {
  const deployment = toDeploymentView(deployed)
  if (!deployed.finishedAt) return { function: toFunctionView(saved), deployment }
  if (deployed.status !== 'SUCCESS') return { function: toFunctionView(saved), deployment, refusal: toRefusal(deploymentEnded(deployment)) }
  return { function: toFunctionView({ ...saved, served: { ...saved.served, dev: toServed(deployed) } }), deployment }
}

const isForced = ({ baseRevision, force }: Save['body']): boolean => force === true || baseRevision === undefined

function changesOf({ clock }: SaveFunctionDeps, found: StoredFunction, request: Save): FunctionChanges {
  const { body, account, callId } = request
  const now = clock.now()
  if (!isForced(body) && !isOfThisCall(found, request) && body.baseRevision !== undefined && body.baseRevision !== found.revision) {
    const theirs = { by: found.updatedBy.name, at: found.updatedAt }
    throw revisionStale({ baseRevision: body.baseRevision, revision: found.revision, theirs, yours: { by: account.name, at: now } })
  }
  const source = { code: body.code, methods: body.methods ?? found.methods, limits: body.limits ?? found.limits }
  const lastCall = callId === undefined ? {} : { lastCall: { callId, revision: found.revision + 1 } }
  return { ...source, ...lastCall, sourceHash: hashSource(source), updatedAt: now, updatedBy: account }
}
