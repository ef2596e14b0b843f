import type { EnvironmentName, Protection } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import { withNextRevision } from '../database/gateway-revision.ts'
import { functionNotFound } from '../functions/function-errors.ts'
import type { ListedFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { StoredRelease } from '../releases/release-store.ts'
import { type AcceptDeps, holdOrLift, refuseRemoved, withoutApproval } from './accept.ts'
import { draft, type Wanted } from './draft.ts'
import { keepPace, meeting, restMsOf } from './pace.ts'
import { publishMembers } from './publications.ts'
import { isBlockedBy, type Members, type NewDeployment, newerServed, type StoredDeployment } from './stored-deployment.ts'

/** What is to happen to one function. */
export interface SetItem {
  stored: Wanted['stored']
  release: StoredRelease
  isRemoval: boolean
}
export interface SetOrder {
  gatewayId: string
  environment: EnvironmentName
  from: EnvironmentName
  items: readonly [SetItem, ...SetItem[]]
  liftsHold: boolean
  protection?: Protection | undefined
  by: Caller
  requestId: string
  callId?: string | undefined
}

/**
 * Writes all deployments of a set and their publications in one transaction, or all of them waiting where one of their functions is busy. As with `accept`
 * the transaction holds the gateway's revision counter.
 * @throws FUNCTION_NOT_FOUND, RELEASE_NOT_FOUND when one was removed meanwhile; nothing is written then.
 */
export async function acceptSet(deps: AcceptDeps, order: SetOrder): Promise<Members> {
  const { result } = await withNextRevision(deps.database, order.gatewayId, async (session, revision) => {
    const drafted = draftSet(order, deps.clock.now(), revision)
    const current = await readFunctions(deps, drafted, session)
    const newer = drafted.flatMap((each) => newerServed(each, current.get(each.functionId)?.served ?? {}) ?? [])[0]
    await refuseRemoved(
      deps.releases,
      order.items.map(({ release }) => release),
      session,
    )
    const { awaitsApproval } = drafted[0]
    if (!awaitsApproval) await holdOrLift(deps, drafted[0], order.liftsHold, session)
    const { createdAt: at } = drafted[0]
    if (newer !== undefined) {
      return deps.deployments.insertAll(
        map(drafted, (each) => ({ ...withoutApproval(each), status: 'SUPERSEDED', supersededBy: newer, finishedAt: at })),
        session,
      )
    }
    const entered = await (awaitsApproval ? deps.deployments.insertAll(drafted, session) : enter(deps, order, { drafted, current, revision, session }))
    if (order.protection) await deps.awaiting.supersede(entered, session)
    return entered
  })
  return result
}

type Drafted = readonly [NewDeployment, ...NewDeployment[]]
const map = <In, Out>([first, ...others]: readonly [In, ...In[]], change: (each: In) => Out): [Out, ...Out[]] => [change(first), ...others.map(change)]

/** A call is known by the lead, which stands for all of them. */
function draftSet({ items, environment, from, protection, by, requestId, callId }: SetOrder, now: Date, revision: number): Drafted {
  const drafted = map(items, ({ stored, release, isRemoval }) =>
    draft({ stored, environment, from, isRemoval, protection, by, requestId }, release, now, revision),
  )
  const [lead, ...followers] = map(drafted, (each) => ({ ...each, setId: drafted[0]._id }))
  return [callId === undefined ? lead : { ...lead, callId }, ...followers]
}

type Functions = ReadonlyMap<string, ListedFunction>

/** @throws FUNCTION_NOT_FOUND when one was removed meanwhile */
async function readFunctions({ functions }: AcceptDeps, drafted: Drafted, session: ClientSession): Promise<Functions> {
  const listed = await functions.listByIds(
    drafted.map(({ functionId }) => functionId),
    session,
  )
  const current = new Map(listed.map((each) => [each._id, each]))
  for (const { functionId, functionName } of drafted) if (!current.has(functionId)) throw functionNotFound(functionName)
  return current
}

interface Entry {
  drafted: Drafted
  current: Functions
  revision: number
  session: ClientSession
}

async function enter(deps: AcceptDeps, { environment, items }: SetOrder, { drafted, current, revision, session }: Entry): Promise<Members> {
  const { deployments, functions, publisher } = deps
  const open = await deployments.listOpen(
    drafted.map(({ functionId }) => functionId),
    environment,
    session,
  )
  const met = (mine: NewDeployment) => open.filter(({ functionId }) => functionId === mine.functionId)
  const currentOf = ({ functionId }: NewDeployment) => current.get(functionId) ?? {}
  const isBusy = drafted.some((mine) => met(mine).some((other) => isBlockedBy(mine, other)))
  const waits = isBusy || drafted.some((mine) => restMsOf(currentOf(mine), environment, mine.createdAt) > 0)
  const mine = map(drafted, (each) => meeting(each, met(each).length > 0))
  const entered = await deployments.insertAll(waits ? mine : map(mine, (each) => ({ ...each, status: 'IN_PROGRESS', revision })), session)
  const releases = new Map(items.map(({ release }) => [release._id, release]))
  if (!waits) await publishMembers(publisher, entered, releases, revision, session)
  for (const member of entered) {
    if (member.metOthers) await keepPace(functions, currentOf(member), member, open, session)
    if (hasWaiting(open, member)) await deployments.supersedeWaiting(member, member.createdAt, session)
  }
  return entered
}

const hasWaiting = (open: readonly StoredDeployment[], { functionId }: StoredDeployment): boolean =>
  open.some((other) => other.functionId === functionId && other.lane === undefined && other.setId === undefined)
