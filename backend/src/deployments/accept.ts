import { ImprunError } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import { functionNotFound } from '../functions/function-errors.ts'
import type { FunctionChanges, FunctionStore, ListedFunction, StoredFunction } from '../functions/function-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { ReleaseInputs } from '../publishing/release-inputs.ts'
import { makeRelease } from '../releases/release-rules.ts'
import type { ReleaseStore, StoredRelease } from '../releases/release-store.ts'
import type { AwaitingStore } from './awaiting-store.ts'
import { type DeploymentStore, isLaneTaken } from './deployment-store.ts'
import { draft, type Wanted } from './draft.ts'
import { keepPace, meeting, restMsOf, wasPaced } from './pace.ts'
import type { Candidate } from './prepare.ts'
import { publishMembers } from './publications.ts'
import { isBlockedBy, type NewDeployment, newerServed, type StoredDeployment } from './stored-deployment.ts'

export interface AcceptDeps {
  database: Database
  functions: FunctionStore
  releases: ReleaseStore
  deployments: DeploymentStore
  publisher: Publisher
  inputs: ReleaseInputs
  awaiting: Pick<AwaitingStore, 'supersede'>
  environments: Pick<EnvironmentStore, 'setHold'>
  clock: Clock
}

export interface Order extends Wanted {
  stored: StoredFunction
  /** A person deploys to an environment that is held. */
  liftsHold: boolean
  candidate: Candidate
  /** A save that belongs to it: both are kept, or neither. `stored` is what the function looks like after it. */
  saving?: { fromRevision: number; changes: FunctionChanges }
}

/** Another save, of the function or of what it imports, or another release, came first: what was prepared has to be prepared again. Nothing was written. */
export class OutOfDate extends Error {
  override readonly name = 'OutOfDate'
}

/**
 * Writes release, deployment and publication in one transaction, or a waiting deployment where another one runs. Every such transaction of a gateway
 * holds the gateway's revision counter, so what is read here (who runs, whether the function still exists) stays true until the commit.
 * @throws FUNCTION_NOT_FOUND when the function was deleted meanwhile, OutOfDate.
 */
export async function accept(deps: AcceptDeps, order: Order): Promise<StoredDeployment> {
  // Only saves are so many that asking who waits there would cost.
  if (order.from !== undefined || order.reason !== undefined) return write(deps, order, enterInOrder)
  try {
    return await write(deps, order, enterFreeLane)
  } catch (error) {
    if (!isLaneTaken(error)) throw error
    return write(deps, order, enterBehind)
  }
}

async function write(deps: AcceptDeps, order: Order, enter: Enter): Promise<StoredDeployment> {
  const { result } = await withNextRevision(deps.database, order.stored.gatewayId, async (session, revision) => {
    const current = await saveOrRead(deps, order, session)
    await refuseOutdated(deps, order, session)
    const release = await ensureRelease(deps, order, session)
    const drafted = draft(order, release, deps.clock.now(), revision)
    const entry: Entry = { drafted, current, release, revision, session }
    if (!drafted.awaitsApproval) await holdOrLift(deps, drafted, order.liftsHold, session)
    const entered = await (drafted.awaitsApproval ? awaitApproval : enter)(deps, entry)
    if (order.protection && entered.status !== 'SUPERSEDED') await deps.awaiting.supersede([entered], session)
    return entered
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

/** Of two saves of a module the later one has to win in everything that imports it, however long each bundle took. A promotion or a rollback takes what is there. */
async function refuseOutdated({ inputs }: AcceptDeps, { stored, from, reason, candidate }: Order, session: ClientSession): Promise<void> {
  const made = 'release' in candidate ? candidate.release : candidate.compiled
  if (from === undefined && reason === undefined && !(await inputs.areCurrent(stored.gatewayId, made, session))) throw new OutOfDate()
}

/** A rollback is a person's word that automation must not undo; a person's next deployment takes it back. */
export async function holdOrLift(
  { environments }: Pick<AcceptDeps, 'environments'>,
  { gatewayId, environment, kind, reason, by, createdAt }: NewDeployment,
  liftsHold: boolean,
  session: ClientSession,
): Promise<void> {
  if (kind === 'rollback') await environments.setHold(gatewayId, environment, { reason: reason ?? '', at: createdAt, by: by.name }, session)
  else if (liftsHold) await environments.setHold(gatewayId, environment, undefined, session)
}

interface Entry {
  drafted: NewDeployment
  current: ListedFunction
  release: StoredRelease
  revision: number
  session: ClientSession
}
type Enter = (deps: AcceptDeps, entry: Entry) => Promise<StoredDeployment>

/** Asks nobody who runs: the index refuses the second in a lane. What waits for the lane finds at its turn that something newer is served. */
const enterFreeLane: Enter = async (deps, entry) => {
  const { drafted, current } = entry
  if (wasPaced(current, drafted.environment, drafted.createdAt)) return enterInOrder(deps, entry)
  const newer = newerServed(drafted, current.served)
  return newer ? giveWay(deps, entry, newer) : run(deps, entry)
}

const enterInOrder: Enter = (deps, entry) => enter(deps, entry, false)
/** Of one that has just found its lane taken. */
const enterBehind: Enter = (deps, entry) => enter(deps, entry, true)

async function enter(deps: AcceptDeps, entry: Entry, hasMet: boolean): Promise<StoredDeployment> {
  const { deployments, functions } = deps
  const { drafted, current, session } = entry
  const open = await deployments.listOpen([drafted.functionId], drafted.environment, session)
  const newer = newerServed(drafted, current.served) ?? newerOpen(drafted, open)
  if (newer) return giveWay(deps, entry, newer)
  const mine = meeting(drafted, hasMet || open.length > 0)
  const waits = open.some((other) => isBlockedBy(mine, other)) || restMsOf(current, mine.environment, mine.createdAt) > 0
  const entered = waits ? await deployments.insert(mine, session) : await run(deps, { ...entry, drafted: mine })
  if (entered.metOthers) await keepPace(functions, current, entered, open, session)
  await deployments.supersedeWaiting(entered, drafted.createdAt, session)
  return entered
}

/** Holds no lane, and lifts no hold, until it is approved. */
const awaitApproval: Enter = (deps, entry) => {
  const newer = newerServed(entry.drafted, entry.current.served)
  return newer ? giveWay(deps, entry, newer) : deps.deployments.insert(entry.drafted, entry.session)
}

const giveWay = ({ deployments }: AcceptDeps, { drafted, session }: Entry, newer: string) =>
  deployments.insert({ ...withoutApproval(drafted), status: 'SUPERSEDED', supersededBy: newer, finishedAt: drafted.createdAt }, session)

/** Nobody is asked about what has been overtaken already. */
export const withoutApproval = ({ approval: _, awaitsApproval: _awaits, ...drafted }: NewDeployment): NewDeployment => drafted

async function run({ deployments, publisher }: AcceptDeps, { drafted, release, revision, session }: Entry): Promise<StoredDeployment> {
  const running = await deployments.insert({ ...drafted, status: 'IN_PROGRESS', revision }, session)
  await publishMembers(publisher, [running], new Map([[release._id, release]]), revision, session)
  return running
}

/** Compiling takes longer for some saves than for others, so a later save may have come first; the earlier one must not undo it. */
function newerOpen({ sourceRevision }: NewDeployment, open: readonly StoredDeployment[]): string | undefined {
  return sourceRevision === undefined ? undefined : open.find((other) => (other.sourceRevision ?? 0) > sourceRevision)?._id
}

async function ensureRelease({ releases, clock }: AcceptDeps, { stored, candidate, by }: Order, session: ClientSession): Promise<StoredRelease> {
  if ('release' in candidate) {
    await refuseRemoved(releases, [candidate.release], session)
    return candidate.release
  }
  const release = makeRelease(stored, candidate, by, clock.now())
  try {
    await releases.insert(release, session)
  } catch (error) {
    throw isDuplicateKey(error) ? new OutOfDate() : error
  }
  return release
}

/** Retention may have removed one while it was prepared. What is deployed here can not be removed once this is committed. */
export async function refuseRemoved(releases: Pick<ReleaseStore, 'listByIds'>, wanted: readonly StoredRelease[], session: ClientSession): Promise<void> {
  const found = await releases.listByIds(
    wanted.map(({ _id }) => _id),
    session,
  )
  const gone = wanted.find(({ _id }) => !found.has(_id))
  if (gone)
    throw new ImprunError('RELEASE_NOT_FOUND', `Release ${gone.version} of "${gone.functionName}" has just been removed by retention. Publish the code again.`)
}
