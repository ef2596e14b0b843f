import { withNextRevision } from '../database/gateway-revision.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import type { AcceptDeps } from './accept.ts'
import { refused } from './deployment-errors.ts'
import { laneOf, newerServed, type StoredDeployment } from './deployment-store.ts'
import { gatesAtDispatch, type TargetEnvironments } from './prepare.ts'
import { ClaimLost, type RunDeps } from './run.ts'

export interface TurnDeps extends RunDeps {
  environments: TargetEnvironments & AcceptDeps['environments']
  variables: Pick<VariableStore, 'get'>
}

/** Wakes those who wait for a lane in this process at once; a lane that another backend frees is seen by asking every `askEveryMs`. */
export interface Lanes {
  freed(lane: string): void
  wait(lane: string, ms: number, signal: AbortSignal): Promise<void>
}

const askEveryMs = 200

export function createLanes(): Lanes {
  const waiting = new Map<string, Set<() => void>>()
  return {
    freed(lane) {
      for (const wake of waiting.get(lane) ?? []) wake()
    },
    async wait(lane, ms, signal) {
      signal.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      const those = waiting.get(lane) ?? new Set()
      waiting.set(lane, those.add(resolve))
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      clearTimeout(timer)
      those.delete(resolve)
      if (those.size === 0) waiting.delete(lane)
      signal.throwIfAborted()
    },
  }
}

/**
 * Waits until no other deployment of the same function to the same environment runs, then evaluates the gates again and publishes.
 * @returns the deployment IN_PROGRESS, or ended: SUPERSEDED by a newer one, FAILED by a gate.
 * @throws ClaimLost, or the signal's reason.
 */
export async function takeTurn(deps: TurnDeps, lanes: Lanes, deployment: StoredDeployment, signal: AbortSignal): Promise<StoredDeployment> {
  const lane = laneOf(deployment)
  for (;;) {
    const current = await deps.deployments.findById(deployment._id)
    if (!current || current.fence !== deployment.fence) throw new ClaimLost()
    if (!current.isOpen) return current
    if (!(await deps.deployments.isLaneBusy(lane))) {
      const dispatched = await dispatch(deps, current)
      if (dispatched) return dispatched
    }
    if (!(await deps.deployments.renew(deployment))) continue
    await lanes.wait(lane, askEveryMs, signal)
  }
}

/** @returns undefined when another one took the lane first, or this one was superseded in between. */
async function dispatch(deps: TurnDeps, deployment: StoredDeployment): Promise<StoredDeployment | undefined> {
  const { deployments, clock } = deps
  if (deployment.status === 'PENDING' && !(await deployments.validate(deployment, clock.now()))) return undefined
  const validating: StoredDeployment = { ...deployment, status: 'VALIDATING' }
  const [first, ...others] = await gatesAtDispatch(deps, deployment)
  if (first) {
    const { code, message: detail } = refused([first, ...others])
    return deployments.end(validating, { status: 'FAILED', finishedAt: clock.now(), error: { code, detail } })
  }
  return begin(deps, validating)
}

async function begin(deps: TurnDeps, deployment: StoredDeployment): Promise<StoredDeployment | undefined> {
  const { database, deployments, functions, releases, publisher, clock } = deps
  const { gatewayId, functionId, environment, functionName: name } = deployment
  const release = await releases.find(deployment.releaseId)
  if (!release) throw new Error(`Release ${deployment.releaseId} of deployment ${deployment._id} is gone.`)
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    const open = await deployments.listOpen(functionId, environment, session)
    if (open.some(({ lane }) => lane !== undefined)) return undefined
    const current = await functions.findListed(functionId, session)
    if (!current) {
      const error = { code: 'FUNCTION_NOT_FOUND', detail: `Function "${name}" was deleted before its turn came.` }
      return deployments.end(deployment, { status: 'FAILED', finishedAt: clock.now(), error }, session)
    }
    const newer = newerServed(deployment, current.served)
    if (newer) return deployments.end(deployment, { status: 'SUPERSEDED', finishedAt: clock.now(), supersededBy: newer }, session)
    if (!(await deployments.begin(deployment, revision, clock.now(), session))) return undefined
    await publisher.publish({ gatewayId, environment, name }, release, deployment._id, revision, session)
    return { ...deployment, status: 'IN_PROGRESS' as const, revision }
  })
  return result
}
