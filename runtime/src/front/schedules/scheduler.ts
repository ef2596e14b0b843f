import { randomUUID } from 'node:crypto'
import type { ScheduleRule, StoredSchedule } from '@imprun/contracts'
import type { LogMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import { createWakeLoop, type WakeLoop } from '../../platform/wake-loop.ts'
import type { Environment } from '../environment.ts'
import type { Observe } from '../observe.ts'
import type { CallTaker } from '../supervision/internal-call.ts'
import { type DueOutcome, nextAtOf, type ScheduleStore, scheduleId, type WantedSchedule } from './schedule-store.ts'
import { timesUntil } from './schedule-times.ts'
import { runScheduled } from './scheduled-run.ts'

/**
 * Runs the functions of one gateway's environments that have a schedule. Several runtimes may serve the same environment: each looks at the same documents,
 * and a due time belongs to the one whose write moves it on.
 */
export interface Scheduler {
  /** What is published under this name from this revision on; undefined when it does not run by itself. */
  put(environment: Environment, name: string, rule: ScheduleRule | undefined, revision: number): void
  /** The environment is not served here any more. */
  forget(environment: Environment): void
  /** Begins nothing more. */
  quit(): void
  /** Waits for what was begun. */
  stop(): Promise<void>
}

export interface SchedulerOptions {
  store: ScheduleStore
  calls: CallTaker
  onLog(environment: Environment, message: LogMessage): void
  log: Log
  observe: Observe
}

// Whoever else serves the environment moves times on as well, so what was read grows old.
const lookEveryMs = 5_000
// Without schedules nothing is looked at; the first one wakes.
const restMs = 3_600_000
/** Longer than claiming takes on a bad day: what is later was not served by anybody, and running it now could surprise. */
const lateMsMax = 30_000
/** After its time limit, what a run may take until its end is written. */
const endGraceMs = 5_000
const retryDelayMs = (failuresInARow: number): number => Math.min(5_000, 100 * 2 ** failuresInARow) * (0.75 + Math.random() / 2)

interface Plan extends WantedSchedule {
  place: Environment
  isApplied: boolean
}

export function createScheduler({ store, calls, onLog, log, observe }: SchedulerOptions): Scheduler {
  const plans = new Map<string, Plan>()
  const running = new Set<Promise<void>>()
  let nextLookMs = lookEveryMs

  const applyNews = async (): Promise<void> => {
    for (const [id, plan] of plans) {
      if (plan.isApplied) continue
      await store.apply(plan)
      plan.isApplied = true
      if (plan.rule === undefined && plans.get(id) === plan) plans.delete(id)
    }
  }
  const fire = (plan: Plan, due: StoredSchedule, runId: string): void => {
    const run = runScheduled({ calls, onLog }, plan.place, due)
      .then(() => store.end(due._id, runId))
      .catch((error: unknown) => log.warn({ schedule: due._id, error }, 'The end of a scheduled run could not be written; its claim ends by itself.'))
      .finally(() => running.delete(run))
    running.add(run)
  }
  const settleDue = async (plan: Plan, rule: ScheduleRule, due: StoredSchedule, now: Date): Promise<void> => {
    const outcome = outcomeOf(due, now)
    const nextAt = nextAtOf(rule, now)
    const runId = randomUUID()
    const timeoutMs = plan.place.timeoutMsOf(plan.place.find(plan.name)?.limits ?? {})
    const missed = outcome === 'missed' ? timesUntil(rule, due.nextAt, now) : undefined
    const isOurs = await store.take(due, outcome, {
      nextAt,
      ...(outcome === 'fired' ? { runId, runningUntil: new Date(now.getTime() + timeoutMs + endGraceMs) } : {}),
      ...(missed === undefined ? {} : { passedOver: { count: missed.count, lastAt: missed.last } }),
    })
    if (!isOurs) return
    observe({ type: 'schedule', environment: plan.place.key, name: plan.name, outcome, dueAt: due.nextAt })
    if (outcome === 'fired') fire(plan, due, runId)
  }
  const look = async (signal: AbortSignal): Promise<void> => {
    nextLookMs = lookEveryMs
    const served = [...plans.values()].filter(({ rule }) => rule !== undefined)
    if (served.length === 0) return
    const { schedules, now } = await store.read([...new Set(served.map(({ environment }) => environment))])
    for (const schedule of schedules) {
      const plan = plans.get(schedule._id)
      // A document of another revision is about to change; ours is brought by `applyNews`.
      if (plan?.rule === undefined || schedule.revision !== plan.revision || signal.aborted) continue
      const waitMs = schedule.nextAt.getTime() - now.getTime()
      if (waitMs > 0) nextLookMs = Math.min(nextLookMs, waitMs)
      else {
        await settleDue(plan, plan.rule, schedule, now)
        nextLookMs = Math.min(nextLookMs, Math.max(1, nextAtOf(plan.rule, now).getTime() - now.getTime()))
      }
    }
  }
  /** Made with the first schedule: most gateways have none, and there are thousands. */
  let loop: WakeLoop | undefined
  let hasQuit = false
  const begin = (): WakeLoop =>
    createWakeLoop({
      async run(signal) {
        await applyNews()
        await look(signal)
      },
      // One millisecond more: a look that comes a hair too early finds nothing and costs one more.
      tickMs: () => (plans.size === 0 ? restMs : nextLookMs + 1),
      retryDelayMs,
      onTick: () => undefined,
      onError: (error) => log.warn({ error }, 'The schedules of a gateway could not be looked at; they are looked at again.'),
    })

  const quit = (): void => {
    hasQuit = true
    void loop?.stop()
  }

  return {
    put(place, name, rule, revision) {
      const environment = place.name
      const id = scheduleId({ environment, name })
      if (hasQuit || (rule === undefined && !plans.has(id))) return
      plans.set(id, { place, environment, name, revision, rule, isApplied: false })
      loop ??= begin()
      loop.wake()
    },
    forget(place) {
      for (const [id, plan] of plans) if (plan.place === place) plans.delete(id)
    },
    quit,
    async stop() {
      quit()
      await loop?.stop()
      await Promise.all(running)
    },
  }
}

function outcomeOf({ nextAt, runningUntil }: StoredSchedule, now: Date): DueOutcome {
  if (now.getTime() - nextAt.getTime() > lateMsMax) return 'missed'
  return runningUntil !== undefined && runningUntil > now ? 'skipped' : 'fired'
}
