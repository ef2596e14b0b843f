import type { CanaryWindow, Deployment } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { DeploymentStore } from '../deployments/deployment-store.ts'
import { dueSince, isAskedLater, type StoredDeployment } from '../deployments/stored-deployment.ts'
import { functionNotFound } from '../functions/function-errors.ts'
import type { FunctionStore } from '../functions/function-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Acknowledgement, Acknowledgements } from '../publishing/acknowledgements.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { CanaryCounts } from './canary-counts.ts'
import type { CanaryDeployment, CanaryStore } from './canary-store.ts'
import { type Decision, decide, type Observed, observe, type Seen } from './decide.ts'
import { between } from './verdict.ts'

export interface WatchDeps {
  database: Database
  deployments: Pick<DeploymentStore, 'listOpen'>
  canaries: CanaryStore
  canaryCounts: CanaryCounts
  functions: Pick<FunctionStore, 'findListed'>
  publisher: Pick<Publisher, 'raiseCandidate'>
  acknowledgements: Acknowledgements
  acknowledgeDeadlineMs: number
  clock: Clock
}

export interface WatchOptions {
  /** Ends the watch; the next holder goes on from the document. */
  signal: AbortSignal
  /** The first callers have the candidate. */
  onBegun(deployment: StoredDeployment): void
}

export type WatchEnd =
  | { kind: 'promote'; deployment: CanaryDeployment }
  | { kind: 'back'; error: NonNullable<Deployment['error']>; supersededBy?: string }
  /** A runtime did not take up a step. */
  | { kind: 'unserved'; acknowledged: Exclude<Acknowledgement, { outcome: 'applied' }> }
  | { kind: 'lost' }

/** With what runtimes need to tell what they counted, a candidate that breaks is back well within five seconds. */
const lookEveryMs = 1_000
const recentMs = 5_000

/**
 * Looks at a canary every second, from wherever its document says that it is, and carries out its steps. All runtimes have loaded the candidate before.
 * @throws the signal's reason, or the driver's error
 */
export async function watchCanary(deps: WatchDeps, deployment: StoredDeployment, { signal, onBegun }: WatchOptions): Promise<WatchEnd> {
  const { clock } = deps
  const recent = createRecent(clock)
  for (;;) {
    signal.throwIfAborted()
    const current = await deps.canaries.read(deployment)
    if (!current) return { kind: 'lost' }
    if (current.canary.step > 0) onBegun(current)
    const seen = await look(deps, current, recent)
    if ('error' in seen) return { kind: 'back', error: seen.error }
    const observed = observe(seen)
    const decision = decide(seen, observed)
    if (isNews(current, observed) && !(await deps.canaries.tell(current, observed))) return { kind: 'lost' }
    if (decision.kind === 'back') return decision
    if (decision.kind === 'promote') return { kind: 'promote', deployment: current }
    if (decision.kind === 'stay') await clock.sleepMs(lookEveryMs, signal)
    else {
      const end = await takeStep(deps, current, decision, seen.sums, signal)
      if (end) return end
    }
  }
}

async function look(deps: WatchDeps, current: CanaryDeployment, recent: Recent): Promise<Seen | Pick<Extract<WatchEnd, { kind: 'back' }>, 'error'>> {
  const { gatewayId, functionId, environment, functionName, canary } = current
  const [sums, open, listed] = await Promise.all([
    deps.canaryCounts.read(gatewayId, current._id),
    deps.deployments.listOpen([functionId], environment),
    deps.functions.findListed(functionId),
  ])
  if (!listed) {
    const { code, message: detail } = functionNotFound(functionName)
    return { error: { code, detail } }
  }
  const newer = open.find((other) => isNewer(other, current))?._id
  return { canary, dueSince: dueSince(current), now: deps.clock.now(), sums, recent: recent.add(sums), newer }
}

/** Asked for later, or waited for people and was approved later. */
const isNewer = (other: StoredDeployment, current: CanaryDeployment): boolean =>
  isAskedLater(other, current) || (other.approval !== undefined && dueSince(other) > dueSince(current))

const isNews = ({ canary }: CanaryDeployment, { window, verdict }: Observed): boolean =>
  canary.verdict !== verdict || canary.window.candidate.calls !== window.candidate.calls || canary.window.baseline.calls !== window.baseline.calls

/** @returns undefined when every runtime goes by it */
async function takeStep(
  deps: WatchDeps,
  current: CanaryDeployment,
  { step, percent }: Extract<Decision, { kind: 'step' }>,
  since: CanaryWindow,
  signal: AbortSignal,
): Promise<WatchEnd | undefined> {
  const { gatewayId, environment, functionName: name } = current
  const before = step === 1 ? await readBefore(deps, current) : current.canary.before
  const { revision, result: begun } = await withNextRevision(deps.database, gatewayId, async (session, revision) => {
    const stepped = await deps.canaries.beginStep(current, { step, percent, stepAt: deps.clock.now(), since, before, revision }, session)
    if (stepped) await deps.publisher.raiseCandidate({ gatewayId, environment, name }, { deploymentId: current._id, percent }, revision, session)
    return stepped
  })
  if (!begun) return { kind: 'lost' }
  const acknowledged = await deps.acknowledgements.waitForRuntimes(gatewayId, environment, revision, { deadlineMs: deps.acknowledgeDeadlineMs, signal })
  return acknowledged.outcome === 'applied' ? undefined : { kind: 'unserved', acknowledged }
}

async function readBefore({ functions, canaryCounts }: WatchDeps, { gatewayId, environment, functionId, functionName, canary }: CanaryDeployment) {
  const version = (await functions.findListed(functionId))?.served[environment]?.version ?? ''
  return canaryCounts.readBefore({ gatewayId, environment, functionName, version }, canary)
}

interface Recent {
  /** @returns what came within the last seconds */
  add(sums: CanaryWindow): CanaryWindow
}

function createRecent(clock: Clock): Recent {
  let readings: { atMs: number; sums: CanaryWindow }[] = []
  return {
    add(sums) {
      const atMs = clock.monotonicMs()
      readings = [...readings.filter((reading) => atMs - reading.atMs <= recentMs), { atMs, sums }]
      return between(sums, readings[0]?.sums ?? sums)
    },
  }
}
