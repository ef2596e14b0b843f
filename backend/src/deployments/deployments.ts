import { ImprunError } from '@imprun/contracts'
import { canaryRefusals } from '../canaries/canary-gates.ts'
import { toStoredCanary } from '../canaries/stored-canary.ts'
import type { WatchOptions } from '../canaries/watch-canary.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createRepeated } from '../platform/repeated.ts'
import type { Compiler } from '../publishing/compile.ts'
import type { Retention } from '../releases/retention.ts'
import { accept, type Order, OutOfDate } from './accept.ts'
import { acceptSet } from './accept-set.ts'
import { deploymentEnded, refused } from './deployment-errors.ts'
import type { DeploymentRequest, PromotionRequest, PublishRequest, RollbackRequest, SaveAndPublishRequest, SetRequest } from './deployment-requests.ts'
import { toDeploymentView } from './deployment-view.ts'
import { type Prepared, preparePromotion, preparePublish } from './prepare.ts'
import { prepareSet } from './prepare-set.ts'
import { prepareRollback } from './rollback.ts'
import { ClaimLost, runToEnd } from './run.ts'
import { laneOf, type Members, type StoredDeployment } from './stored-deployment.ts'
import { createLanes, type TurnDeps, takeTurn } from './turns.ts'

export interface DeploymentsDeps extends TurnDeps {
  compiler: Compiler
  metrics?: Pick<Metrics, 'deploymentEnded'>
  retention?: Pick<Retention, 'note'>
}

type DeployRequest = DeploymentRequest &
  Omit<Order, 'candidate' | 'liftsHold' | 'canary'> &
  Pick<PublishRequest, 'gradual'> &
  Pick<SaveAndPublishRequest, 'onAccepted'>
type OnBegun = WatchOptions['onBegun']

/**
 * Puts releases into environments. A request that hangs up does not stop what it began.
 * `publish` and `promote` return the deployment as it ended, whatever its status; one with a canary once it serves its first callers. @throws a gate's refusal; nothing is deployed then.
 */
export interface Deployments {
  /** Takes up what a stopped or dead backend left open, now and whenever one is found. */
  start(): void
  /** Waits for what runs here; what can not end is left to the next start. */
  stop(): Promise<void>
  publish(request: PublishRequest): Promise<StoredDeployment>
  /** Nothing is saved when a gate refuses; `lost` when the function is no longer at the revision of `stored`. */
  saveAndPublish(request: SaveAndPublishRequest): Promise<{ saved: StoredFunction; ended: StoredDeployment } | 'lost'>
  promote(request: PromotionRequest): Promise<StoredDeployment>
  /** Everything that differs, as one set. @returns its deployments, which all have the same status. @throws NOTHING_TO_PROMOTE too. */
  promoteAll(request: SetRequest): Promise<Members>
  /**
   * Carries on what people have just approved, from its turn to its end, or until a canary serves its first callers.
   * @param startedAtMs of the clock's monotonicMs(), when the last approval arrived.
   */
  resume(approved: Members, startedAtMs: number): Promise<Members>
  /** Holds the environment against automation. */
  rollback(request: RollbackRequest): Promise<StoredDeployment>
}

const lookForAbandonedEveryMs = 1_000
const watchEveryMs = 200
/** What a runtime has begun to load is served within this, or is not worth waiting for at the end. */
const stopPatienceMs = 2_000
/** Each more means that another publish of the same function made a release in between. */
const publishAttemptsMax = 20
/** Longer than one running deployment with its way back may take. */
const turnDeadlineMs = 60_000

export function createDeployments(deps: DeploymentsDeps): Deployments {
  const { clock, deployments, log } = deps
  const lanes = createLanes()
  /** `stopping` ends waiting for a turn and looking for work; `leaving` also ends the wait of what runs. */
  const stopping = new AbortController()
  const leaving = new AbortController()
  const inFlight = new Set<Promise<unknown>>()

  /** Until the end, from wherever the documents say that they are. */
  const carryOn = async (members: Members, onBegun: OnBegun, startedAtMs?: number): Promise<Members> => {
    const ended = await carryToEnd(members, onBegun, startedAtMs)
    for (const each of ended) {
      deps.metrics?.deploymentEnded(each)
      deps.retention?.note(each)
    }
    return ended
  }
  const carryToEnd = async (members: Members, onBegun: OnBegun, startedAtMs: number | undefined): Promise<Members> => {
    const isWaiting = members[0].status === 'PENDING' || members[0].status === 'VALIDATING'
    const due = isWaiting ? await takeTurn(deps, lanes, members, AbortSignal.any([stopping.signal, AbortSignal.timeout(turnDeadlineMs)])) : members
    if (due[0].finishedAt) return due
    try {
      return await runToEnd(deps, due, { signal: leaving.signal, startedAtMs, watch: { signal: stopping.signal, onBegun } })
    } finally {
      for (const each of members) lanes.freed(laneOf(each))
    }
  }

  /** For a request whose deployment was taken over: another holder ends it. */
  const watchToEnd = async ([lead]: Members): Promise<Members> => {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(turnDeadlineMs)])
    for (;;) {
      const current = await deployments.findById(lead._id)
      if (!current) throw new ImprunError('DEPLOYMENT_NOT_FOUND', 'The deployment was removed with its gateway.')
      if (!current.isOpen || (current.canary?.step ?? 0) > 0) return deployments.listMembers(current)
      await clock.sleepMs(watchEveryMs, signal)
    }
  }

  const track = async <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work)
    try {
      return await work
    } finally {
      inFlight.delete(work)
    }
  }

  const follow = async (accepted: Members, startedAtMs: number, onBegun: OnBegun = () => {}): Promise<Members> => {
    if (accepted[0].awaitsApproval) return accepted
    try {
      return await carryOn(accepted, onBegun, startedAtMs)
    } catch (error) {
      if (error instanceof ClaimLost) return watchToEnd(accepted)
      throw error
    }
  }
  /** A canary goes on for long after its first callers have it; whoever asked for it is told then. */
  const followUntilBegun = (accepted: Members, startedAtMs: number) =>
    new Promise<Members>((resolve, reject) => {
      track(follow(accepted, startedAtMs, (begun) => resolve([begun]))).then(resolve, reject)
    })

  const deploy = async (request: DeployRequest, { refusals, isHeld, protection, candidate, warnings = [] }: Prepared) => {
    const canary = toStoredCanary(request.gradual ?? {})
    const [first, ...others] = [...refusals, ...(canary ? canaryRefusals(request.stored, request.environment) : [])]
    if (first) throw refused([first, ...others])
    if (!candidate) throw new Error('No gate refused, and there is nothing to deploy.')
    const order = { ...request, candidate, warnings, protection, ...(canary ? { canary } : {}), liftsHold: isHeld && !request.by.isAutomation }
    const accepted = await accept(deps, order)
    request.onAccepted?.()
    const [ended] = await followUntilBegun([accepted], request.receivedAtMs)
    return ended
  }

  const promoteAll = async (request: SetRequest): Promise<Members> => {
    const { items, isHeld, protection } = await prepareSet(deps, request)
    const { gatewayId } = request.gateway
    const order = { ...request, gatewayId, environment: request.to, items, protection, liftsHold: isHeld && !request.by.isAutomation }
    return follow(await acceptSet(deps, order), request.receivedAtMs)
  }

  const recoverOne = async (abandoned: StoredDeployment) => {
    try {
      const [ended] = await carryOn(await deployments.listMembers(abandoned), () => {})
      log.info({ deploymentId: ended._id, status: ended.status }, 'A deployment that was left open has ended')
    } catch (error) {
      if (!(error instanceof ClaimLost) && !stopping.signal.aborted) log.warn({ error, deploymentId: abandoned._id }, 'An open deployment could not end yet')
    }
  }

  const recover = async () => {
    for (let found = await deployments.claimAbandoned(); found; found = await deployments.claimAbandoned()) void track(recoverOne(found))
  }
  const recovery = createRepeated(recover, {
    everyMs: lookForAbandonedEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'Open deployments could not be looked for'),
  })

  const publishOnce = async (request: PublishRequest & Pick<Order, 'saving'> & Pick<SaveAndPublishRequest, 'onAccepted'>) =>
    deploy(request, await preparePublish(deps, request))

  const publish = async (request: PublishRequest) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await publishOnce(request)
      } catch (error) {
        if (!(error instanceof OutOfDate) || attempt >= publishAttemptsMax) throw error
      }
    }
  }

  const saveAndPublish = async ({ changes, stored, ...request }: SaveAndPublishRequest) => {
    const { methods = stored.methods, ...others } = changes
    const saved: StoredFunction = { ...stored, ...others, ...(methods ? { methods } : {}), revision: stored.revision + 1 }
    try {
      return { saved, ended: await publishOnce({ ...request, stored: saved, saving: { fromRevision: stored.revision, changes } }) }
    } catch (error) {
      if (error instanceof OutOfDate) return 'lost'
      throw error
    }
  }

  return {
    start: recovery.start,
    async stop() {
      stopping.abort(shuttingDown())
      const ended = recovery.stop().then(() => Promise.allSettled(inFlight))
      const patience = setTimeout(() => leaving.abort(shuttingDown()), stopPatienceMs)
      await ended
      clearTimeout(patience)
    },
    publish: (request) => track(publish(request)),
    saveAndPublish: (request) => track(saveAndPublish(request)),
    rollback: (request) => track(prepareRollback(deps, request).then((prepared) => deploy(request, prepared))),
    resume: followUntilBegun,
    promoteAll: (request) => track(promoteAll(request)),
    promote: (request) => track(preparePromotion(deps, request).then((prepared) => deploy({ ...request, environment: request.to }, prepared))),
  }
}

const shuttingDown = () => new ImprunError('SHUTTING_DOWN', 'The backend is stopping; the deployment goes on after the next start.', { retryAfterS: 2 })

/** @throws the problem that tells why, unless it ended with SUCCESS, or goes on. */
export function successOf(ended: StoredDeployment): StoredDeployment {
  if (ended.finishedAt && ended.status !== 'SUCCESS') throw deploymentEnded(toDeploymentView(ended))
  return ended
}
