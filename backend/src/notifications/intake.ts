import { environmentNameSchema } from '@imprun/contracts'
import type { Change, Watcher } from '../database/watcher.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { StoredEnvironment } from '../environments/environment-store.ts'
import type { StoredGateway } from '../gateways/gateway-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated, type Repeated } from '../platform/repeated.ts'
import { eventsOfDeployment, eventsOfPhases, type Happening } from './events-of.ts'
import { isWanted } from './notification-rules.ts'
import type { NotifierStore, StoredNotifier } from './notifier-store.ts'
import type { Outbox } from './outbox.ts'

/**
 * Puts what happens into the outbox. Nobody waits for it: it reads what others have written. Events are made of documents as they are, with ids that
 * follow from them, so a change that is seen twice, by several backends or once more after a gap, is told once; and one that no stream told of is found by
 * the next look at all of them.
 */
export type Intake = Repeated

interface IntakeDeps {
  watcher: Watcher
  notifiers: Pick<NotifierStore, 'listActive'>
  outbox: Pick<Outbox, 'put'>
  deployments: { listSince(gatewayId: string, since: Date): Promise<StoredDeployment[]>; findById(deploymentId: string): Promise<StoredDeployment | undefined> }
  gateways: { find(gatewayId: string): Promise<StoredGateway | undefined> }
  environments: { listOf(gatewayId: string): Promise<StoredEnvironment[]> }
  clock: Clock
  log: Log
  /** Something new is due. */
  onPut(): void
}

/** Longer than any deployment waits for its approval. */
const lookBackMs = 8 * 24 * 3600_000
const lookEveryMs = 60_000
/** Who is to be told is remembered for so long, so that a busy gateway costs no read per change. */
const notifiersFreshMs = 1_000

export function createIntake(deps: IntakeDeps): Intake {
  const { watcher, notifiers, clock, log } = deps
  const endings: (() => void)[] = []
  const inFlight = new Set<Promise<void>>()
  let all: { atMs: number; those: Promise<StoredNotifier[]> } | undefined
  let isLookDue = true

  const listActive = () => {
    if (!all || clock.monotonicMs() - all.atMs > notifiersFreshMs) all = { atMs: clock.monotonicMs(), those: notifiers.listActive() }
    return all.those
  }
  const take = async (gatewayId: string, read: () => Promise<Happening[]>, those?: StoredNotifier[]): Promise<void> => {
    const theirs = (those ?? (await listActive())).filter((notifier) => notifier.gatewayId === gatewayId)
    if (theirs.length > 0) await putAll(deps, theirs, await read())
  }
  const track = (work: Promise<void>) => {
    const settled = work.catch((error: unknown) => {
      log.warn({ error }, 'What happened could not be noted for notifiers; the next look finds it')
      isLookDue = true
    })
    inFlight.add(settled)
    void settled.finally(() => inFlight.delete(settled))
  }

  const onDeployment = ({ document, id }: Change) => {
    const gatewayId = document?.gatewayId
    if (typeof gatewayId === 'string') track(take(gatewayId, async () => happenedTo(await deps.deployments.findById(id))))
  }
  const onPhases = ({ document }: Change) => {
    const gatewayId = document?.gatewayId
    if (typeof gatewayId !== 'string') return
    const environment = environmentNameSchema.safeParse(document?.environment).data
    if (document?.isStalled === true || document?.drifted !== undefined) track(take(gatewayId, () => phaseEvents(deps, gatewayId, environment)))
  }

  const lookAtAll = async (stopping: AbortSignal) => {
    const since = new Date(clock.now().getTime() - lookBackMs)
    const active = await notifiers.listActive()
    for (const gatewayId of new Set(active.map((notifier) => notifier.gatewayId))) {
      if (stopping.aborted) return
      await take(gatewayId, async () => (await deps.deployments.listSince(gatewayId, since)).flatMap(eventsOfDeployment), active)
      await take(gatewayId, () => phaseEvents(deps, gatewayId), active)
    }
  }
  let lookedAtMs = Number.NEGATIVE_INFINITY
  const lookWhenDue = async (stopping: AbortSignal) => {
    if (!isLookDue && clock.monotonicMs() - lookedAtMs <= lookEveryMs) return
    isLookDue = false
    lookedAtMs = clock.monotonicMs()
    await lookAtAll(stopping)
  }
  const looks = createRepeated(lookWhenDue, {
    everyMs: notifiersFreshMs,
    clock,
    onError: (error) => log.warn({ error }, 'What happened could not be looked through for notifiers'),
  })

  return {
    start() {
      endings.push(
        // A new one is told of the very next deployment: the stream brings the two in their order.
        watcher.on({ scope: 'sys', collection: 'notifiers' }, () => {
          all = undefined
        }),
        watcher.on({ scope: 'sys', collection: 'deployments' }, onDeployment),
        watcher.on({ scope: 'sys', collection: 'apiGateways' }, onPhases),
        watcher.on({ scope: 'sys', collection: 'environments' }, onPhases),
        watcher.onGap(() => {
          isLookDue = true
        }),
      )
      looks.start()
    },
    async stop() {
      for (const end of endings.splice(0)) end()
      await looks.stop()
      await Promise.all(inFlight)
    },
  }
}

const happenedTo = (deployment: StoredDeployment | undefined) => (deployment ? eventsOfDeployment(deployment) : [])

async function phaseEvents({ gateways, environments }: IntakeDeps, gatewayId: string, only?: string): Promise<Happening[]> {
  const [gateway, theirs] = await Promise.all([only === undefined ? gateways.find(gatewayId) : undefined, environments.listOf(gatewayId)])
  const those = theirs.filter(({ environment }) => only === undefined || environment === only)
  return [...(gateway ? [gateway] : []), ...those].flatMap(eventsOfPhases)
}

/** What happened before a notifier was made is none of its business. */
async function putAll({ outbox, onPut }: IntakeDeps, notifiers: readonly StoredNotifier[], happened: readonly Happening[]): Promise<void> {
  for (const event of happened)
    for (const { _id, gatewayId, rules, createdAt } of notifiers) {
      if (Date.parse(event.timestamp) < createdAt.getTime() || !isWanted(rules, event)) continue
      if (await outbox.put({ gatewayId, notifierId: _id, event })) onPut()
    }
}
