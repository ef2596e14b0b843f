import { type EnvironmentName, gatewayCollections, type PublishedFunction } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { AuditStore } from '../audit/audit-store.ts'
import { ownRecord } from '../audit/own-record.ts'
import { canaryAt, candidateMark, isCanaryAsRead } from '../canaries/canary-drift.ts'
import type { CanaryDeployment, CanaryStore } from '../canaries/canary-store.ts'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { Change, Watcher } from '../database/watcher.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { FunctionStore, ServedFunction } from '../functions/function-store.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated, type Repeated } from '../platform/repeated.ts'
import { sha256Hex } from '../platform/secrets.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import type { DeploymentStore } from './deployment-store.ts'

/**
 * Puts `__published_functions` back when somebody else than a deployment has changed it: what runtimes read is then what was deployed, and the audit log
 * says that it was not. A document is looked at when it was changed and its gateway has rested since, and all of them at the start and after a gap.
 */
export type DriftRepair = Repeated

interface DriftDeps {
  database: Database
  watcher: Watcher
  gateways: Pick<GatewayStore, 'listSettled'>
  functions: Pick<FunctionStore, 'listServed' | 'findListed'>
  environments: Pick<EnvironmentStore, 'noteDrift'>
  releases: Pick<ReleaseStore, 'find' | 'listHashes'>
  deployments: Pick<DeploymentStore, 'listOpen'>
  canaries: Pick<CanaryStore, 'listRunning'>
  publisher: Publisher
  audit: AuditStore
  clock: Clock
  log: Log
}

/** A deployment changes documents of its own accord, so a gateway is looked at once it has been quiet for so long. */
const quietMs = 2_000
const lookEveryMs = 500

/** Which documents are to be looked at, and when one of them was changed last. */
interface Changed {
  atMs: number
  ids: Set<string> | 'all'
}

interface Drift {
  environment: EnvironmentName
  name: string
  /** What a deployment put there last; absent: nothing. */
  served: { functionId: string; releaseId: string; deploymentId: string } | undefined
  /** Whose candidate stands beside it. */
  canary: CanaryDeployment | undefined
}

export function createDriftRepair(deps: DriftDeps): DriftRepair {
  const { watcher, gateways, clock, log } = deps
  /** By gateway id. */
  const changed = new Map<string, Changed>()
  const endings: (() => void)[] = []

  const note = (gatewayId: string, ids: Iterable<string> | 'all'): void => {
    const known = changed.get(gatewayId)?.ids ?? new Set()
    changed.set(gatewayId, { atMs: clock.monotonicMs(), ids: ids === 'all' || known === 'all' ? 'all' : known.union(new Set(ids)) })
  }
  const noteAll = (): void => {
    gateways.listSettled().then(
      (ids) => {
        for (const id of ids) note(id, 'all')
      },
      (error: unknown) => log.warn({ error }, 'Gateways could not be listed to look for drift'),
    )
  }
  const lookAtQuiet = async (stopping: AbortSignal): Promise<void> => {
    for (const [gatewayId, { atMs, ids }] of [...changed]) {
      if (stopping.aborted) return
      if (clock.monotonicMs() - atMs < quietMs) continue
      changed.delete(gatewayId)
      try {
        // What a deployment was about to change is looked at once more after it.
        const undecided = await repairGateway(deps, gatewayId, ids)
        if (undecided.length > 0) note(gatewayId, undecided)
      } catch (error) {
        log.warn({ error, gatewayId }, 'Published functions could not be compared with what was deployed; it is tried again')
        note(gatewayId, ids)
      }
    }
  }
  const looks = createRepeated(lookAtQuiet, {
    everyMs: lookEveryMs,
    clock,
    onError: (error) => log.error({ error }, 'The look for drift has failed; it is tried again'),
  })

  return {
    start() {
      const onChange = ({ gatewayId, id }: Change) => {
        // What somebody has put there need not have an id of ours.
        if (gatewayId !== undefined) note(gatewayId, id.includes('/') ? [id] : 'all')
      }
      endings.push(watcher.on({ scope: 'gateway', collection: gatewayCollections.publishedFunctions }, onChange), watcher.onGap(noteAll))
      noteAll()
      looks.start()
    },
    async stop() {
      for (const end of endings.splice(0)) end()
      await looks.stop()
    },
  }
}

/** @returns ids of what could not be decided, because a deployment is on its way. */
async function repairGateway(deps: DriftDeps, gatewayId: string, ids: Changed['ids']): Promise<string[]> {
  const undecided: string[] = []
  for (const drift of await findDrifts(deps, gatewayId, ids)) {
    if (await repair(deps, gatewayId, drift)) await tell(deps, gatewayId, drift)
    else undecided.push(keyOf(drift))
  }
  return undecided
}

async function tell({ audit, clock, environments, log }: DriftDeps, gatewayId: string, { environment, name, served }: Drift): Promise<void> {
  const at = clock.now()
  log.warn({ gatewayId, environment, name, releaseId: served?.releaseId }, 'A published function was changed by hand and has been put back')
  await environments.noteDrift(gatewayId, environment, { at, functions: [name], repairedAt: at })
  const facts = { environment, function: name, ...(served ? { releaseId: served.releaseId } : { withdrawn: true }) }
  await audit.append(ownRecord(gatewayId, { route: 'repairDrift', facts, at }))
}

type Publication = Pick<PublishedFunction, 'environment' | 'name' | 'releaseId' | 'isRemoved'> & { hash: string; candidate: string | undefined }

/** One document after the other: all the code of a gateway together may be large. */
async function readPublications({ database }: DriftDeps, gatewayId: string, ids: Changed['ids']): Promise<Publication[]> {
  const publications = database.gateway(gatewayId).collection<PublishedFunction & { _id: string }>(gatewayCollections.publishedFunctions)
  const wanted = publications.find(ids === 'all' ? {} : { _id: { $in: [...ids] } }, {
    projection: { environment: 1, name: 1, releaseId: 1, isRemoved: 1, code: 1, candidate: 1 },
  })
  const read: Publication[] = []
  for await (const { environment, name, releaseId, isRemoved, code, candidate: beside } of wanted) {
    const candidate = beside && candidateMark(beside, sha256Hex(beside.code))
    read.push({ environment, name, releaseId, isRemoved, hash: sha256Hex(code), candidate })
  }
  return read
}

async function findDrifts(deps: DriftDeps, gatewayId: string, ids: Changed['ids']): Promise<Drift[]> {
  const { functions, releases, canaries } = deps
  // Before what is published: a step in between is then seen when it is to be repaired.
  const running = await canaries.listRunning(gatewayId)
  const publications = await readPublications(deps, gatewayId, ids)
  const places = (await functions.listServed(gatewayId))
    .flatMap(placesOf)
    .filter((place) => ids === 'all' || ids.has(keyOf(place)))
    .map((place) => ({ ...place, canary: canaryAt(running, place) }))
  const hashes = await releases.listHashes(places.flatMap(({ served, canary }) => [served.releaseId, ...(canary ? [canary.releaseId] : [])]))
  const isOther = (publication: Publication, { served, canary }: (typeof places)[number]): boolean =>
    publication.releaseId !== served.releaseId ||
    publication.hash !== hashes.get(served.releaseId) ||
    publication.candidate !== (canary && candidateMark({ deploymentId: canary._id, percent: canary.canary.percent }, hashes.get(canary.releaseId)))
  const published = new Map(publications.map((publication) => [keyOf(publication), publication]))
  const wanted = new Set(places.map(keyOf))
  const drifted = places.filter((place) => {
    const publication = published.get(keyOf(place))
    return !publication || publication.isRemoved || isOther(publication, place)
  })
  const strangers = publications.filter((publication) => !publication.isRemoved && !wanted.has(keyOf(publication)))
  return [...drifted, ...strangers.map(({ environment, name }) => ({ environment, name, served: undefined, canary: undefined }))]
}

/** As the document's id is made. */
const keyOf = ({ environment, name }: Pick<Drift, 'environment' | 'name'>): string => `${environment}/${name}`

const placesOf = ({ _id, name, served }: ServedFunction) =>
  (Object.entries(served) as [EnvironmentName, { releaseId: string; deploymentId: string }][]).map(([environment, { releaseId, deploymentId }]) => ({
    environment,
    name,
    served: { functionId: _id, releaseId, deploymentId },
  }))

/** @returns false where a deployment is on its way, or has been meanwhile: then it is not drift. */
async function repair(deps: DriftDeps, gatewayId: string, drift: Drift): Promise<boolean> {
  const { database, publisher, releases } = deps
  const { environment, name, served, canary } = drift
  const target = { gatewayId, environment, name }
  const release = served && (await releases.find(served.releaseId))
  const candidate = canary && (await releases.find(canary.releaseId))
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    if (!(await isUndisturbed(deps, gatewayId, drift, session))) return false
    if (!served || !release) return publisher.withdraw(target, revision, session)
    await publisher.publish(target, release, served.deploymentId, revision, session)
    const share = canary && { deploymentId: canary._id, percent: canary.canary.percent }
    if (share && candidate) await publisher.publishCandidate(target, candidate, share, revision, session)
    return true
  })
  return result
}

async function isUndisturbed({ functions, deployments, canaries }: DriftDeps, gatewayId: string, drift: Drift, session: ClientSession): Promise<boolean> {
  const { environment, name, served, canary } = drift
  const current = (await functions.listServed(gatewayId, { name, session }))[0]
  if (!current) return served === undefined
  if (current.served[environment]?.deploymentId !== served?.deploymentId) return false
  if (!(await isCanaryAsRead(canaries, gatewayId, drift, canary, session))) return false
  return (await deployments.listOpen([current._id], environment, session)).every(({ _id }) => _id === canary?._id)
}
