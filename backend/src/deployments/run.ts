import { withNextRevision } from '../database/gateway-revision.ts'
import type { StoredServed } from '../functions/function-store.ts'
import type { Log } from '../platform/log.ts'
import type { Acknowledgement, Acknowledgements } from '../publishing/acknowledgements.ts'
import type { AcceptDeps } from './accept.ts'
import { loadFailed, noRuntime, runtimesLate } from './deployment-errors.ts'
import { claimTtlMs, type StoredDeployment } from './deployment-store.ts'

export interface RunDeps extends AcceptDeps {
  acknowledgements: Acknowledgements
  log: Log
  /** How long the runtimes may take to serve a release. */
  acknowledgeDeadlineMs: number
}

/** The claim went to another backend, which finishes the deployment. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
}

/**
 * From published to ended. Every part may be begun again by another backend: it depends on the stored document and not on what happened here.
 * @param startedAtMs of the clock's monotonicMs(); absent when the request came to a backend that is gone.
 * @throws ClaimLost, the signal's reason, or the driver's error; the deployment stays open then, and is taken up again.
 */
export async function runToEnd(deps: RunDeps, deployment: StoredDeployment, signal: AbortSignal, startedAtMs?: number): Promise<StoredDeployment> {
  using _renewal = keepClaim(deps, deployment)
  if (deployment.status === 'FAILED') return finishWayBack(deps, deployment, signal)
  const acknowledged = await waitFor(deps, deployment, deployment.revision, signal)
  if (acknowledged.outcome === 'applied') return succeed(deps, deployment, startedAtMs)
  return finishWayBack(deps, await takeBack(deps, deployment, describe(deps, deployment, acknowledged)), signal)
}

const waitFor = (deps: RunDeps, { gatewayId, environment }: StoredDeployment, revision: number | undefined, signal: AbortSignal) => {
  if (revision === undefined) throw new Error('A deployment that runs has no revision.')
  return deps.acknowledgements.waitForRuntimes(gatewayId, environment, revision, { deadlineMs: deps.acknowledgeDeadlineMs, signal })
}

async function succeed(deps: RunDeps, deployment: StoredDeployment, startedAtMs: number | undefined): Promise<StoredDeployment> {
  const { clock, database, deployments, functions } = deps
  const at = clock.now()
  const elapsedMs = startedAtMs === undefined ? at.getTime() - deployment.createdAt.getTime() : clock.monotonicMs() - startedAtMs
  const liveMs = Math.round(elapsedMs * 10) / 10
  const ended = await database.client.withSession((session) =>
    session.withTransaction(async () => {
      const written = await deployments.end(deployment, { status: 'SUCCESS', finishedAt: at, liveMs }, session)
      if (written) await functions.recordServed(deployment.functionId, deployment.environment, toServed(written), session)
      return written
    }),
  )
  if (!ended) throw new ClaimLost()
  return ended
}

/** What an environment serves once the deployment has ended with SUCCESS. */
export const toServed = (succeeded: StoredDeployment): StoredServed => ({
  releaseId: succeeded.releaseId,
  version: succeeded.version,
  revision: succeeded.revision ?? 0,
  deploymentId: succeeded._id,
  sourceHash: succeeded.sourceHash,
  ...(succeeded.sourceRevision === undefined ? {} : { sourceRevision: succeeded.sourceRevision }),
  ...(succeeded.liveMs === undefined ? {} : { liveMs: succeeded.liveMs }),
  at: succeeded.finishedAt ?? succeeded.createdAt,
  by: succeeded.by.name,
})

function describe({ acknowledgeDeadlineMs }: RunDeps, { environment }: StoredDeployment, acknowledged: Exclude<Acknowledgement, { outcome: 'applied' }>) {
  if (acknowledged.outcome === 'refused') return loadFailed(acknowledged.failures)
  return acknowledged.outcome === 'late' ? runtimesLate(acknowledged.runtimeIds, acknowledgeDeadlineMs) : noRuntime(environment)
}

/** Publishes what was SUCCESS there before, or a tombstone when nothing was, in the same write that records the failure. */
async function takeBack(deps: RunDeps, deployment: StoredDeployment, error: NonNullable<StoredDeployment['error']>): Promise<StoredDeployment> {
  const { database, deployments, functions, releases, publisher, clock } = deps
  const { gatewayId, environment, functionId } = deployment
  const target = { gatewayId, environment, name: deployment.functionName }
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    // A function that was deleted meanwhile has its tombstone already, and gets nothing back.
    const served = (await functions.findListed(functionId, session))?.served[environment]
    const release = served && (await releases.find(served.releaseId))
    const rollback = { revision, ...(release ? { releaseId: release._id, version: release.version } : {}) }
    if (!(await deployments.fail(deployment, { error, rollback }, clock.now(), session))) throw new ClaimLost()
    if (served && release) await publisher.publish(target, release, served.deploymentId, revision, session)
    else await publisher.withdraw(target, revision, session)
    return { ...deployment, status: 'FAILED' as const, error, rollback }
  })
  return result
}

/** The lane stays taken until the runtimes are back on the old release, so that a next deployment can not overtake the way back. */
async function finishWayBack(deps: RunDeps, deployment: StoredDeployment, signal: AbortSignal): Promise<StoredDeployment> {
  const { rollback } = deployment
  const { outcome } = await waitFor(deps, deployment, rollback?.revision, signal)
  const isBack = rollback?.releaseId !== undefined && (outcome === 'applied' || outcome === 'no-runtime')
  const ended = await deps.deployments.end(deployment, { status: isBack ? 'ROLLED_BACK' : 'FAILED', finishedAt: deps.clock.now() })
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
