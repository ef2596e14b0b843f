import type { EnvironmentName } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import { functionNotFound } from '../functions/function-errors.ts'
import type { FunctionChanges, FunctionStore, ListedFunction, StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Publisher } from '../publishing/publisher.ts'
import { makeRelease } from '../releases/release-rules.ts'
import type { ReleaseStore, StoredRelease } from '../releases/release-store.ts'
import type { DeploymentStore, NewDeployment, StoredDeployment } from './deployment-store.ts'
import type { Candidate } from './prepare.ts'

export interface AcceptDeps {
  database: Database
  functions: FunctionStore
  releases: ReleaseStore
  deployments: DeploymentStore
  publisher: Publisher
  clock: Clock
}

export interface Order {
  stored: StoredFunction
  environment: EnvironmentName
  from?: EnvironmentName
  candidate: Candidate
  /** A save that belongs to it: both are kept, or neither. `stored` is what the function looks like after it. */
  saving?: { fromRevision: number; changes: FunctionChanges }
  by: Caller
  requestId: string
}

/** Another save, or another release, came first: what was prepared has to be prepared again. Nothing was written. */
export class OutOfDate extends Error {
  override readonly name = 'OutOfDate'
}

/**
 * Writes release, deployment and publication in one transaction, or a waiting deployment where another one runs. Every such transaction of a gateway
 * holds the gateway's revision counter, so what is read here (who runs, whether the function still exists) stays true until the commit.
 * @throws FUNCTION_NOT_FOUND when the function was deleted meanwhile, OutOfDate.
 */
export async function accept(deps: AcceptDeps, order: Order): Promise<StoredDeployment> {
  const { result } = await withNextRevision(deps.database, order.stored.gatewayId, async (session, revision) => {
    const current = await saveOrRead(deps, order, session)
    const release = await ensureRelease(deps, order, session)
    const drafted = draft(order, release, deps.clock.now())
    return enter(deps, drafted, current, release, revision, session)
  })
  return result
}

async function saveOrRead({ functions }: AcceptDeps, { stored, saving }: Order, session: ClientSession): Promise<ListedFunction> {
  if (saving) {
    const saved = await functions.save(stored._id, saving.fromRevision, saving.changes, session)
    if (!saved) throw new OutOfDate()
    return saved
  }
  const current = await functions.findListed(stored._id, session)
  if (!current) throw functionNotFound(stored.name)
  return current
}

async function enter(deps: AcceptDeps, drafted: NewDeployment, current: ListedFunction, release: StoredRelease, revision: number, session: ClientSession) {
  const { deployments } = deps
  const open = await deployments.listOpen(drafted.functionId, drafted.environment, session)
  const newer = findNewer(drafted, current, open)
  if (newer) return deployments.insert({ ...drafted, status: 'SUPERSEDED', supersededBy: newer, finishedAt: drafted.createdAt }, session)
  if (open.some(({ lane }) => lane !== undefined)) {
    const waiting = await deployments.insert(drafted, session)
    await deployments.supersedeWaiting(waiting, drafted.createdAt, session)
    return waiting
  }
  const running = await deployments.insert({ ...drafted, status: 'IN_PROGRESS', revision }, session)
  if (open.length > 0) await deployments.supersedeWaiting(running, drafted.createdAt, session)
  await deps.publisher.publish({ ...running, name: running.functionName }, release, running._id, revision, session)
  return running
}

/** Compiling takes longer for some saves than for others, so a later save may have come first; the earlier one must not undo it. */
function findNewer({ environment, sourceRevision }: NewDeployment, current: ListedFunction, open: readonly StoredDeployment[]): string | undefined {
  if (sourceRevision === undefined) return undefined
  const served = current.served[environment]
  if ((served?.sourceRevision ?? 0) > sourceRevision) return served?.deploymentId
  return open.find((other) => (other.sourceRevision ?? 0) > sourceRevision)?._id
}

async function ensureRelease({ releases, clock }: AcceptDeps, { stored, candidate, by }: Order, session: ClientSession): Promise<StoredRelease> {
  if ('release' in candidate) return candidate.release
  const release = makeRelease(stored, candidate.source, candidate.compiled, candidate.latest, by, clock.now())
  try {
    await releases.insert(release, session)
  } catch (error) {
    throw isDuplicateKey(error) ? new OutOfDate() : error
  }
  return release
}

function draft({ stored, environment, from, by, requestId }: Order, release: StoredRelease, now: Date): NewDeployment {
  return {
    _id: newId(),
    gatewayId: stored.gatewayId,
    ownerId: stored.ownerId,
    functionId: stored._id,
    functionName: stored.name,
    environment,
    ...(from ? { kind: 'promotion' as const, from } : { kind: 'publish' as const, sourceRevision: stored.revision }),
    releaseId: release._id,
    version: release.version,
    sourceHash: release.sourceHash,
    status: 'PENDING',
    message: from ? `Deployed from ${from} to ${environment} (version: ${release.version})` : `Published to ${environment} (version: ${release.version})`,
    by,
    requestId,
    createdAt: now,
  }
}
