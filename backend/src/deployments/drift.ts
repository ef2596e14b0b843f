import { type EnvironmentName, gatewayCollections, type PublishedFunction } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { AuditStore } from '../audit/audit-store.ts'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { Watcher } from '../database/watcher.ts'
import type { FunctionStore, ServedFunction } from '../functions/function-store.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { sha256Hex } from '../platform/secrets.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import type { DeploymentStore } from './deployment-store.ts'

/**
 * Puts `__published_functions` back when somebody else than a deployment has changed it: what runtimes read is then what was deployed, and the audit log
 * says that it was not. A gateway is looked at when its documents were changed and have rested since, and all of them at the start and after a gap.
 */
export interface DriftRepair {
  start(): void
  stop(): Promise<void>
}

interface DriftDeps {
  database: Database
  watcher: Watcher
  gateways: Pick<GatewayStore, 'listSettled'>
  functions: Pick<FunctionStore, 'listServed' | 'findListed'>
  releases: Pick<ReleaseStore, 'find' | 'listHashes'>
  deployments: Pick<DeploymentStore, 'listOpen'>
  publisher: Publisher
  audit: AuditStore
  clock: Clock
  log: Log
}

/** A deployment changes documents of its own accord, so a gateway is looked at once it has been quiet for so long. */
const quietMs = 2_000
const lookEveryMs = 500

interface Drift {
  environment: EnvironmentName
  name: string
  /** What a deployment put there last; absent: nothing. */
  served: { functionId: string; releaseId: string; deploymentId: string } | undefined
}

export function createDriftRepair(deps: DriftDeps): DriftRepair {
  const { watcher, gateways, clock, log } = deps
  const stopping = new AbortController()
  /** Gateway ids, with when they were changed last. */
  const changed = new Map<string, number>()
  const endings: (() => void)[] = []
  let looking: Promise<void> | undefined

  const noteAll = (): void => {
    gateways.listSettled().then(
      (ids) => {
        for (const id of ids) changed.set(id, clock.monotonicMs())
      },
      (error: unknown) => log.warn({ error }, 'Gateways could not be listed to look for drift'),
    )
  }
  const lookAtQuiet = async (): Promise<void> => {
    for (const [gatewayId, atMs] of [...changed]) {
      if (stopping.signal.aborted) return
      if (clock.monotonicMs() - atMs < quietMs) continue
      changed.delete(gatewayId)
      try {
        // What a deployment was about to change is looked at once more after it.
        if (!(await repairGateway(deps, gatewayId))) changed.set(gatewayId, clock.monotonicMs())
      } catch (error) {
        log.warn({ error, gatewayId }, 'Published functions could not be compared with what was deployed; it is tried again')
        changed.set(gatewayId, clock.monotonicMs())
      }
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await lookAtQuiet()
      await clock.sleepMs(lookEveryMs, stopping.signal).catch(() => {})
    }
  }

  return {
    start() {
      const note = ({ gatewayId }: { gatewayId?: string }) => {
        if (gatewayId !== undefined) changed.set(gatewayId, clock.monotonicMs())
      }
      endings.push(watcher.on({ scope: 'gateway', collection: gatewayCollections.publishedFunctions }, note), watcher.onGap(noteAll))
      noteAll()
      looking = run()
    },
    async stop() {
      for (const end of endings.splice(0)) end()
      stopping.abort()
      await looking
    },
  }
}

/** @returns false when something could not be decided, because a deployment is on its way. */
async function repairGateway(deps: DriftDeps, gatewayId: string): Promise<boolean> {
  let isDecided = true
  for (const drift of await findDrifts(deps, gatewayId)) {
    if (!(await repair(deps, gatewayId, drift))) {
      isDecided = false
      continue
    }
    const { environment, name, served } = drift
    deps.log.warn({ gatewayId, environment, name, releaseId: served?.releaseId }, 'A published function was changed by hand and has been put back')
    await deps.audit.append({
      actor: 'imprun',
      ip: '',
      route: 'repairDrift',
      method: '',
      params: { gatewayId },
      facts: { environment, function: name, ...(served ? { releaseId: served.releaseId } : { withdrawn: true }) },
      status: 200,
      requestId: '',
      at: deps.clock.now(),
    })
  }
  return isDecided
}

async function findDrifts({ database, functions, releases }: DriftDeps, gatewayId: string): Promise<Drift[]> {
  const publications = await database.gateway(gatewayId).collection<PublishedFunction>(gatewayCollections.publishedFunctions).find().toArray()
  const servedFunctions = await functions.listServed(gatewayId)
  const hashes = await releases.listHashes(servedFunctions.flatMap(({ served }) => Object.values(served).map(({ releaseId }) => releaseId)))
  const published = new Map(publications.map((publication) => [keyOf(publication), publication]))
  const wanted = new Map(servedFunctions.flatMap(placesOf).map((place) => [keyOf(place), place]))
  const drifted = [...wanted.values()].filter((place) => {
    const publication = published.get(keyOf(place))
    return (
      !publication ||
      publication.isRemoved ||
      publication.releaseId !== place.served.releaseId ||
      sha256Hex(publication.code) !== hashes.get(place.served.releaseId)
    )
  })
  const strangers = publications.filter((publication) => !publication.isRemoved && !wanted.has(keyOf(publication)))
  return [...drifted, ...strangers.map(({ environment, name }) => ({ environment, name, served: undefined }))]
}

const keyOf = ({ environment, name }: Pick<Drift, 'environment' | 'name'>): string => `${environment}/${name}`

const placesOf = ({ _id, name, served }: ServedFunction) =>
  (Object.entries(served) as [EnvironmentName, { releaseId: string; deploymentId: string }][]).map(([environment, { releaseId, deploymentId }]) => ({
    environment,
    name,
    served: { functionId: _id, releaseId, deploymentId },
  }))

/** @returns false where a deployment is on its way, or has been meanwhile: then it is not drift. */
async function repair(deps: DriftDeps, gatewayId: string, { environment, name, served }: Drift): Promise<boolean> {
  const { database, publisher, releases } = deps
  const target = { gatewayId, environment, name }
  const release = served && (await releases.find(served.releaseId))
  const { result } = await withNextRevision(database, gatewayId, async (session, revision) => {
    if (!(await isUndisturbed(deps, environment, served, name, gatewayId, session))) return false
    if (!served || !release) return publisher.withdraw(target, revision, session)
    await publisher.publish(target, release, served.deploymentId, revision, session)
    return true
  })
  return result
}

async function isUndisturbed(
  { functions, deployments }: DriftDeps,
  environment: EnvironmentName,
  served: Drift['served'],
  name: string,
  gatewayId: string,
  session: ClientSession,
): Promise<boolean> {
  const current = (await functions.listServed(gatewayId, { name, session }))[0]
  if (!current) return served === undefined
  if (current.served[environment]?.deploymentId !== served?.deploymentId) return false
  return (await deployments.listOpen([current._id], environment, session)).length === 0
}
