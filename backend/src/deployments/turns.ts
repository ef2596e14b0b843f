import type { ClientSession } from 'mongodb'
import { canaryRefusalsAtDispatch } from '../canaries/canary-gates.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { VariableStore } from '../variables/variable-store.ts'
import type { AcceptDeps } from './accept.ts'
import { refused } from './deployment-errors.ts'
import { keepPace, restMsOf } from './pace.ts'
import { gatesAtDispatch, type TargetEnvironments } from './prepare.ts'
import { publishMembers } from './publications.ts'
import { ClaimLost, type RunDeps } from './run.ts'
import { isBlockedBy, laneOf, type Members, newerServed } from './stored-deployment.ts'

export interface TurnDeps extends RunDeps {
  environments: TargetEnvironments & AcceptDeps['environments']
  variables: Pick<VariableStore, 'get'>
}

/** Wakes those who wait for a lane in this process at once; a lane that another backend frees is seen by asking every `askEveryMs`. */
export interface Lanes {
  freed(lane: string): void
  /** Until one of them was freed. */
  wait(lanes: readonly string[], ms: number, signal: AbortSignal): Promise<void>
}

const askEveryMs = 200

export function createLanes(): Lanes {
  const waiting = new Map<string, Set<() => void>>()
  return {
    freed(lane) {
      for (const wake of waiting.get(lane) ?? []) wake()
    },
    async wait(lanes, ms, signal) {
      signal.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      for (const lane of lanes) waiting.set(lane, (waiting.get(lane) ?? new Set()).add(resolve))
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      clearTimeout(timer)
      for (const lane of lanes) {
        const those = waiting.get(lane)
        those?.delete(resolve)
        if (those?.size === 0) waiting.delete(lane)
      }
      signal.throwIfAborted()
    },
  }
}

/**
 * Waits until no other deployment of the same functions to the same environment runs, then evaluates the gates again and publishes.
 * @returns them IN_PROGRESS, or ended: SUPERSEDED by a newer one, FAILED by a gate.
 * @throws ClaimLost, or the signal's reason.
 */
export async function takeTurn(deps: TurnDeps, lanes: Lanes, waiting: Members, signal: AbortSignal): Promise<Members> {
  const [lead] = waiting
  /** Of the clock's monotonicMs(): when it may start by the pace, counted from when nobody stands before it. */
  let dueAtMs: number | undefined
  for (;;) {
    const current = await deps.deployments.findById(lead._id)
    if (!current || current.fence !== lead.fence) throw new ClaimLost()
    const members = await deps.deployments.listMembers(current)
    if (!current.isOpen) return members
    if (await isBlocked(deps, members)) dueAtMs = undefined
    else {
      dueAtMs ??= deps.clock.monotonicMs() + (await restMsOfAll(deps, members))
      if (deps.clock.monotonicMs() >= dueAtMs) {
        const dispatched = await dispatch(deps, members)
        if (dispatched) return dispatched
        dueAtMs = undefined
      }
    }
    if (!(await deps.deployments.renew(lead))) continue
    const restMs = dueAtMs === undefined ? askEveryMs : Math.ceil(dueAtMs - deps.clock.monotonicMs())
    await lanes.wait(members.map(laneOf), Math.min(askEveryMs, Math.max(0, restMs)), signal)
  }
}

async function restMsOfAll({ functions, clock }: TurnDeps, members: Members): Promise<number> {
  const current = await functions.listByIds(members.map(({ functionId }) => functionId))
  return Math.max(0, ...current.map((each) => restMsOf(each, members[0].environment, clock.now())))
}

async function isBlocked({ deployments }: Pick<TurnDeps, 'deployments'>, members: Members, session?: ClientSession): Promise<boolean> {
  const ids = members.map(({ functionId }) => functionId)
  const open = await deployments.listOpen(ids, members[0].environment, session)
  return members.some((mine) => open.some((other) => other.functionId === mine.functionId && isBlockedBy(mine, other)))
}

/** @returns undefined when another one took a lane first, or these were superseded in between. */
async function dispatch(deps: TurnDeps, members: Members): Promise<Members | undefined> {
  const { deployments, clock } = deps
  const validating = members[0].status === 'PENDING' ? await deployments.validate(members, clock.now()) : members
  if (!validating) return undefined
  const refusals = await Promise.all(validating.map((member) => gatesAtDispatch(deps, member)))
  const [first, ...others] = refusals.flat()
  if (first) {
    const { code, message: detail } = refused([first, ...others])
    return deployments.end(validating, { status: 'FAILED', finishedAt: clock.now(), error: { code, detail } })
  }
  return begin(deps, validating)
}

async function begin(deps: TurnDeps, members: Members): Promise<Members | undefined> {
  const { database, deployments, functions, releases, publisher, clock } = deps
  const [{ gatewayId }] = members
  const found = await releases.findMany(members.map(({ releaseId }) => releaseId))
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    if (await isBlocked(deps, members, session)) return undefined
    const ids = members.map(({ functionId }) => functionId)
    const current = new Map((await functions.listByIds(ids, session)).map((listed) => [listed._id, listed]))
    const at = clock.now()
    const deleted = members.find(({ functionId }) => !current.has(functionId))
    if (deleted) {
      const error = { code: 'FUNCTION_NOT_FOUND', detail: `Function "${deleted.functionName}" was deleted before its turn came.` }
      return deployments.end(members, { status: 'FAILED', finishedAt: at, error }, session)
    }
    const newer = members.flatMap((member) => newerServed(member, current.get(member.functionId)?.served ?? {}) ?? [])[0]
    if (newer) return deployments.end(members, { status: 'SUPERSEDED', finishedAt: at, supersededBy: newer }, session)
    const refusal = members.flatMap((member) => canaryRefusalsAtDispatch(member, current.get(member.functionId)?.served ?? {}))[0]
    if (refusal) return deployments.end(members, { status: 'FAILED', finishedAt: at, error: { code: refusal.code, detail: refusal.detail } }, session)
    const begun = await deployments.begin(members, revision, at, session)
    if (!begun) return undefined
    await publishMembers(publisher, begun, found, revision, session)
    for (const member of begun) if (member.metOthers) await keepPace(functions, current.get(member.functionId) ?? {}, member, [], session)
    return begun
  })
  return result
}
