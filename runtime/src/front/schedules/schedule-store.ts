import { type EnvironmentName, gatewayCollections, type ScheduleRule, type StoredSchedule, storedScheduleSchema } from '@imprun/contracts'
import type { Collection, Db } from 'mongodb'
import { nextTime } from './schedule-times.ts'

/** The rule that a published function has had since this revision; undefined: it has none any more. */
export interface WantedSchedule {
  environment: EnvironmentName
  name: string
  revision: number
  rule: ScheduleRule | undefined
}
/** What has become of a due time. */
export type DueOutcome = 'fired' | 'skipped' | 'missed'

/** One gateway's `__schedules`. All times are the database's: runtimes on machines whose clocks differ agree on what is due. */
export interface ScheduleStore {
  /** Makes the document what the function says; a newer revision's document stays. An unchanged rule keeps its next time. */
  apply(wanted: WantedSchedule): Promise<void>
  /** @returns the documents of these environments, and the time */
  read(environments: readonly EnvironmentName[]): Promise<{ schedules: StoredSchedule[]; now: Date }>
  /** Moves the schedule on, if nobody has done so yet. @returns whether it was this caller */
  take(due: StoredSchedule, outcome: DueOutcome, change: DueChange): Promise<boolean>
  /** The run is over, if it is still the one that the document tells of. */
  end(id: string, runId: string): Promise<void>
}
export interface DueChange {
  nextAt: Date
  runId?: string
  runningUntil?: Date
  /** How many due times are passed over, and the last of them. */
  passedOver?: { count: number; lastAt: Date }
}

const duplicateKey = 11_000
const never = new Date('9999-12-31T00:00:00Z')
export const scheduleId = ({ environment, name }: Pick<WantedSchedule, 'environment' | 'name'>): string => `${environment}/${name}`
export const nextAtOf = (rule: ScheduleRule, after: Date): Date => nextTime(rule, after) ?? never

export function createScheduleStore(database: Db): ScheduleStore {
  const schedules: Collection<StoredSchedule> = database.collection(gatewayCollections.schedules)
  const readNow = async (): Promise<Date> => (await database.command({ hello: 1 })).localTime as Date

  return {
    async apply(wanted) {
      const { environment, name, revision, rule } = wanted
      const _id = scheduleId(wanted)
      if (rule === undefined) {
        await schedules.deleteOne({ _id, revision: { $lt: revision } })
        return
      }
      const isSame = await schedules.updateOne({ _id, revision: { $lte: revision }, ...rule }, { $set: { revision } })
      if (isSame.matchedCount > 0) return
      const fresh = { environment, name, revision, ...rule, nextAt: nextAtOf(rule, await readNow()), missed: { count: 0 }, skipped: { count: 0 } }
      try {
        await schedules.updateOne({ _id, revision: { $lt: revision } }, { $set: fresh }, { upsert: true })
      } catch (error) {
        // Somebody serves a newer revision already.
        if (!(error instanceof Error && 'code' in error && error.code === duplicateKey)) throw error
      }
    },
    async read(environments) {
      const found = await schedules.aggregate([{ $match: { environment: { $in: [...environments] } } }, { $addFields: { now: '$$NOW' } }]).toArray()
      const first = found[0] as { now: Date } | undefined
      const readable = found.flatMap((document) => storedScheduleSchema.safeParse(document).data ?? [])
      return { schedules: readable, now: first?.now ?? (await readNow()) }
    },
    async take({ _id, revision, nextAt }, outcome, change) {
      const isDue = { _id, revision, nextAt, $expr: { $lte: ['$nextAt', '$$NOW'] } }
      const { passedOver, runId, runningUntil } = change
      const taken =
        outcome === 'fired'
          ? await schedules.updateOne(
              { ...isDue, $or: [{ runningUntil: { $exists: false } }, { $expr: { $lte: ['$runningUntil', '$$NOW'] } }] },
              { $set: { nextAt: change.nextAt, lastFiredAt: nextAt, ...(runId && runningUntil ? { runId, runningUntil } : {}) } },
            )
          : await schedules.updateOne(isDue, {
              $set: { nextAt: change.nextAt, [`${outcome}.lastAt`]: passedOver?.lastAt ?? nextAt },
              $inc: { [`${outcome}.count`]: passedOver?.count ?? 1 },
            })
      return taken.modifiedCount > 0
    },
    async end(_id, runId) {
      await schedules.updateOne({ _id, runId }, { $unset: { runId: '', runningUntil: '' } })
    },
  }
}
