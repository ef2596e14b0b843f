import { environmentNames, type Retention as RetentionLimits, retentionDefault } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { DeploymentHistory } from '../deployments/deployment-history.ts'
import type { FunctionStore, ListedFunction } from '../functions/function-store.ts'
import type { StoredGateway } from '../gateways/gateway-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated } from '../platform/repeated.ts'
import type { ReleaseStore } from './release-store.ts'

/**
 * Removes old releases and deployments in the background: releases of a function soon after it was deployed, and everything that is old once a day. Several
 * backends may do the same work at once.
 */
export interface Retention {
  start(): void
  /** Waits for what is being removed. */
  stop(): Promise<void>
  /** The function has a deployment more. */
  note(deployed: { gatewayId: string; functionId: string }): void
}

export interface RetentionDeps {
  database: Database
  gateways: {
    find(gatewayId: string): Promise<Pick<StoredGateway, 'state' | 'retention'> | undefined>
    listSettled(): Promise<string[]>
  }
  functions: Pick<FunctionStore, 'findListed' | 'listServed'>
  releases: Pick<ReleaseStore, 'listBeyond' | 'removeMany' | 'listByIds'>
  deployments: Pick<DeploymentHistory, 'findSucceededBefore' | 'listOpenReleases' | 'listEndedBefore' | 'removeMany'>
  clock: Clock
  log: Log
}

const workEveryMs = 1_000
const dayMs = 24 * 3600_000
/** Not at once, because whoever starts a backend waits for other things. */
const firstSweepAfterMs = 600_000
/** How much one write removes: it holds the gateway's revision for so long. */
const batchMax = 100

export function createRetention(deps: RetentionDeps): Retention {
  const { gateways, functions, clock, log } = deps
  const stopping = new AbortController()
  /** Ids of functions, by gateway. */
  const due = new Map<string, Set<string>>()
  let nextSweepMs = clock.monotonicMs() + firstSweepAfterMs

  const note: Retention['note'] = ({ gatewayId, functionId }) => void due.set(gatewayId, (due.get(gatewayId) ?? new Set()).add(functionId))

  const sweep = async () => {
    for (const gatewayId of await gateways.listSettled()) {
      const limits = await findLimits(deps, gatewayId)
      if (!limits || stopping.signal.aborted) continue
      for (const { _id } of await functions.listServed(gatewayId)) await removeReleases(deps, gatewayId, _id, limits, stopping.signal)
      await removeDeployments(deps, gatewayId, limits, stopping.signal)
    }
  }
  const workOff = async () => {
    if (clock.monotonicMs() >= nextSweepMs) {
      nextSweepMs = clock.monotonicMs() + dayMs
      await sweep()
    }
    for (const [gatewayId, functionIds] of [...due]) {
      due.delete(gatewayId)
      const limits = await findLimits(deps, gatewayId)
      if (limits) for (const functionId of functionIds) await removeReleases(deps, gatewayId, functionId, limits, stopping.signal)
    }
  }
  const work = createRepeated(workOff, {
    everyMs: workEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'Old releases could not be removed; the next deployment or day tries again'),
  })
  return {
    start: work.start,
    async stop() {
      stopping.abort()
      await work.stop()
    },
    note,
  }
}

/** @returns undefined when the gateway goes away: to write to a database that is being dropped would bring it back. */
async function findLimits({ gateways }: RetentionDeps, gatewayId: string): Promise<RetentionLimits | undefined> {
  const gateway = await gateways.find(gatewayId)
  return gateway && gateway.state !== 'deleted' ? { ...retentionDefault, ...gateway.retention } : undefined
}

async function removeReleases(deps: RetentionDeps, gatewayId: string, functionId: string, { releases: keep }: RetentionLimits, signal: AbortSignal) {
  const findOld = async (session?: ClientSession): Promise<string[]> => {
    const stored = await deps.functions.findListed(functionId, session)
    return stored ? deps.releases.listBeyond(functionId, { keep, except: await listNeeded(deps, stored, session), limit: batchMax }, session) : []
  }
  // Most have not had so many yet.
  if ((await deps.releases.listBeyond(functionId, { keep, except: [], limit: 1 })).length === 0) return
  while (!signal.aborted && (await findOld()).length > 0) {
    // Every deployment that is accepted holds the revision, too: none can begin to use what is removed here.
    await withNextRevision(deps.database, gatewayId, async (session) => deps.releases.removeMany(await findOld(session), session))
  }
}

/** What is served, what would be served again after a rollback, and what an open deployment brings or goes back to. */
async function listNeeded({ deployments }: RetentionDeps, { _id, served }: ListedFunction, session?: ClientSession): Promise<string[]> {
  const needed = await deployments.listOpenReleases(_id, session)
  for (const environment of environmentNames) {
    const present = served[environment]?.releaseId
    if (present === undefined) continue
    const before = await deployments.findSucceededBefore(_id, environment, present, session)
    needed.push(present, ...(before ? [before.releaseId] : []))
  }
  return needed
}

/** A deployment that brought a release which is still there tells whether an environment may go back to it, so it stays. */
async function removeDeployments({ deployments, releases, clock }: RetentionDeps, gatewayId: string, { deploymentDays }: RetentionLimits, signal: AbortSignal) {
  const before = new Date(clock.now().getTime() - deploymentDays * dayMs)
  let after = ''
  while (!signal.aborted) {
    const old = await deployments.listEndedBefore(gatewayId, before, { after, limit: batchMax })
    const there = await releases.listByIds(old.map(({ releaseId }) => releaseId))
    await deployments.removeMany(old.filter(({ status, releaseId }) => status !== 'SUCCESS' || !there.has(releaseId)).map(({ _id }) => _id))
    const last = old.at(-1)
    if (!last || old.length < batchMax) return
    after = last._id
  }
}
