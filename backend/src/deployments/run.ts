import type { ClientSession } from 'mongodb'
import type { AuditStore } from '../audit/audit-store.ts'
import { isByItself, returnRecord } from '../canaries/canary-record.ts'
import { isBesideServed } from '../canaries/stored-canary.ts'
import { type WatchDeps, type WatchEnd, type WatchOptions, watchCanary } from '../canaries/watch-canary.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { StoredServed } from '../functions/function-store.ts'
import type { Log } from '../platform/log.ts'
import type { Acknowledgement, Acknowledgements } from '../publishing/acknowledgements.ts'
import type { AcceptDeps } from './accept.ts'
import { loadFailed, noRuntime, runtimesLate, setTakenBack } from './deployment-errors.ts'
import { publishMembers } from './publications.ts'
import { claimTtlMs, dueSince, type Members, type StoredDeployment } from './stored-deployment.ts'

export interface RunDeps extends AcceptDeps, Pick<WatchDeps, 'canaries' | 'canaryCounts'> {
  acknowledgements: Acknowledgements
  audit: Pick<AuditStore, 'append'>
  log: Log
  /** How long the runtimes may take to serve a release. */
  acknowledgeDeadlineMs: number
}

export interface RunOptions {
  signal: AbortSignal
  /** Of the clock's monotonicMs(); absent when the request came to a backend that is gone. */
  startedAtMs: number | undefined
  watch: WatchOptions
}

/** The claim went to another backend, which finishes the deployment. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
}

/**
 * From published to ended. Every part may be begun again by another backend: it depends on the stored documents and not on what happened here.
 * @throws ClaimLost, the signal's reason, or the driver's error; the deployments stay open then, and are taken up again.
 */
export async function runToEnd(deps: RunDeps, members: Members, options: RunOptions): Promise<Members> {
  using _renewal = keepClaim(deps, members[0])
  return finish(deps, members, options)
}

async function finish(deps: RunDeps, members: Members, options: RunOptions): Promise<Members> {
  const [lead] = members
  const { signal } = options
  if (lead.status === 'FAILED') return finishWayBack(deps, members, signal)
  const acknowledged = await waitFor(deps, lead, lead.revision, signal)
  if (acknowledged.outcome !== 'applied') return finishWayBack(deps, await takeBack(deps, members, unserved(deps, acknowledged)), signal)
  if (!isBesideServed(lead.canary)) return succeed(deps, members, options.startedAtMs)
  return finishCanary(deps, members, await watchCanary(deps, lead, options.watch), options)
}

/** What the watch has come to is done the way of every deployment: put in place for all, or taken back. */
async function finishCanary(deps: RunDeps, members: Members, end: WatchEnd, options: RunOptions): Promise<Members> {
  if (end.kind === 'lost') throw new ClaimLost()
  if (end.kind === 'promote') return finish(deps, [await putInPlace(deps, members[0])], options)
  const failureOf = end.kind === 'unserved' ? unserved(deps, end.acknowledged) : () => end
  return finishWayBack(deps, await takeBack(deps, members, failureOf, isByItself(end)), options.signal)
}

async function putInPlace({ database, canaries, publisher, releases }: RunDeps, lead: StoredDeployment): Promise<StoredDeployment> {
  const release = await releases.findMany([lead.releaseId])
  const { result } = await withNextRevision(database, lead.gatewayId, async (session, revision) => {
    const promoting = await canaries.beginPromoting(lead, revision, session)
    if (promoting) await publishMembers(publisher, [promoting], release, revision, session)
    return promoting
  })
  if (!result) throw new ClaimLost()
  return result
}

const waitFor = (deps: RunDeps, { gatewayId, environment }: StoredDeployment, revision: number | undefined, signal: AbortSignal) => {
  if (revision === undefined) throw new Error('A deployment that runs has no revision.')
  return deps.acknowledgements.waitForRuntimes(gatewayId, environment, revision, { deadlineMs: deps.acknowledgeDeadlineMs, signal })
}

async function succeed(deps: RunDeps, members: Members, startedAtMs: number | undefined): Promise<Members> {
  const { clock, database, deployments } = deps
  const at = clock.now()
  const elapsedMs = startedAtMs === undefined ? at.getTime() - dueSince(members[0]).getTime() : clock.monotonicMs() - startedAtMs
  const liveMs = Math.round(elapsedMs * 10) / 10
  const ended = await database.client.withSession((session) =>
    session.withTransaction(async () => {
      const written = await deployments.end(members, { status: 'SUCCESS', finishedAt: at, liveMs }, session)
      for (const each of written ?? []) await recordServed(deps, each, session)
      return written
    }),
  )
  if (!ended) throw new ClaimLost()
  return ended
}

const recordServed = ({ functions }: RunDeps, succeeded: StoredDeployment, session: ClientSession): Promise<void> =>
  succeeded.kind === 'removal'
    ? functions.forgetServed(succeeded.functionId, succeeded.environment, session)
    : functions.recordServed(succeeded.functionId, succeeded.environment, toServed(succeeded), session)

/** What an environment serves once the deployment has ended with SUCCESS. */
export const toServed = (succeeded: StoredDeployment): StoredServed => ({
  releaseId: succeeded.releaseId,
  version: succeeded.version,
  revision: succeeded.revision ?? 0,
  deploymentId: succeeded._id,
  sourceHash: succeeded.sourceHash,
  ...(succeeded.askedRevision === undefined ? {} : { askedRevision: succeeded.askedRevision }),
  ...(succeeded.sourceRevision === undefined ? {} : { sourceRevision: succeeded.sourceRevision }),
  ...(succeeded.liveMs === undefined ? {} : { liveMs: succeeded.liveMs }),
  at: succeeded.finishedAt ?? succeeded.createdAt,
  by: succeeded.by.name,
})

type Unserved = Exclude<Acknowledgement, { outcome: 'applied' }>
interface Failure extends Pick<StoredDeployment, 'supersededBy'> {
  error: NonNullable<StoredDeployment['error']>
}
type FailureOf = (member: StoredDeployment) => Failure

const unserved =
  (deps: RunDeps, acknowledged: Unserved): FailureOf =>
  (member) => ({ error: errorOf(deps, member, acknowledged) })

/** Of a set each is told what it failed with itself, and the others which of them it was. */
function errorOf({ acknowledgeDeadlineMs }: RunDeps, { environment, functionName, setId }: StoredDeployment, acknowledged: Unserved) {
  if (acknowledged.outcome === 'late') return runtimesLate(acknowledged.runtimeIds, acknowledgeDeadlineMs)
  if (acknowledged.outcome === 'no-runtime') return noRuntime(environment)
  const own = setId === undefined ? acknowledged.failures : acknowledged.failures.filter(({ name }) => name === functionName)
  return own.length > 0 ? loadFailed(own) : setTakenBack(acknowledged.failures)
}

/** Publishes what was SUCCESS there before, or a tombstone when nothing was, in the same write that records the failure. @param isAudited no call's own record tells of it */
async function takeBack(deps: RunDeps, members: Members, failureOf: FailureOf, isAudited = false): Promise<Members> {
  const { database, deployments, functions, releases, publisher, clock } = deps
  const [{ gatewayId, environment }] = members
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    // A function that was deleted meanwhile has its tombstone already, and gets nothing back.
    const listed = await functions.listByIds(
      members.map(({ functionId }) => functionId),
      session,
    )
    const served = new Map(listed.map(({ _id, served }) => [_id, served[environment]]))
    const before = await releases.findMany([...served.values()].flatMap((each) => each?.releaseId ?? []))
    const backTo = ({ functionId }: StoredDeployment) => before.get(served.get(functionId)?.releaseId ?? '')
    const failed = await deployments.fail(
      members,
      (member) => {
        const { error, supersededBy } = failureOf(member)
        const release = backTo(member)
        const rollback = { revision, ...(release ? { releaseId: release._id, version: release.version } : {}) }
        return { error, rollback, ...(supersededBy === undefined ? {} : { supersededBy }) }
      },
      clock.now(),
      session,
    )
    if (!failed) throw new ClaimLost()
    if (isAudited) await deps.audit.append(returnRecord(failed[0], clock.now()), session)
    for (const member of failed) {
      const target = { gatewayId, environment, name: member.functionName }
      const release = backTo(member)
      const by = served.get(member.functionId)?.deploymentId
      if (isBesideServed(member.canary) && (await publisher.dropCandidate(target, revision, session))) continue
      if (release && by) await publisher.publish(target, release, by, revision, session)
      else await publisher.withdraw(target, revision, session)
    }
    return failed
  })
  return result
}

/** The lanes stay taken until the runtimes are back on the old releases, so that a next deployment can not overtake the way back. */
async function finishWayBack(deps: RunDeps, members: Members, signal: AbortSignal): Promise<Members> {
  const { outcome } = await waitFor(deps, members[0], members[0].rollback?.revision, signal)
  const hadBefore = members.some(({ rollback }) => rollback?.releaseId !== undefined)
  const isBack = hadBefore && (outcome === 'applied' || outcome === 'no-runtime')
  const ended = await deps.deployments.end(members, { status: isBack ? 'ROLLED_BACK' : 'FAILED', finishedAt: deps.clock.now() })
  if (!ended) throw new ClaimLost()
  return ended
}

const renewEveryMs = claimTtlMs / 3

function keepClaim({ deployments, log }: RunDeps, deployment: StoredDeployment): Disposable {
  const timer = setInterval(() => {
    deployments.renew(deployment).catch((error: unknown) => log.warn({ error, deploymentId: deployment._id }, 'The claim on a deployment could not be renewed'))
  }, renewEveryMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
