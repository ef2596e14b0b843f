import { gatewayCollections, type ImprunFunction, type Schedule, type StoredSchedule, storedScheduleSchema } from '@imprun/contracts'
import type { Database } from '../database/database.ts'

/** How the schedules of a gateway's functions stand, as its runtimes keep them. */
export interface ScheduleReader {
  /** By `<environment>/<function name>`; functions without a schedule are not in it. */
  read(gatewayId: string): Promise<ReadonlyMap<string, Schedule>>
}

const passedOver = ({ count, lastAt }: StoredSchedule['missed']): Schedule['missed'] => ({ count, ...(lastAt ? { lastAt: lastAt.toISOString() } : {}) })

const toSchedule = ({ cron, timeZone, nextAt, lastFiredAt, missed, skipped }: StoredSchedule): Schedule => ({
  cron,
  timeZone,
  nextAt: nextAt.toISOString(),
  ...(lastFiredAt ? { lastFiredAt: lastFiredAt.toISOString() } : {}),
  missed: passedOver(missed),
  skipped: passedOver(skipped),
})

export function createScheduleReader(database: Database): ScheduleReader {
  return {
    async read(gatewayId) {
      const found = await database.gateway(gatewayId).collection(gatewayCollections.schedules).find().toArray()
      const readable = found.flatMap((document) => storedScheduleSchema.safeParse(document).data ?? [])
      return new Map(readable.map((stored) => [stored._id, toSchedule(stored)]))
    },
  }
}

/** With when it runs by itself, where it is served. */
export const withSchedules = (view: ImprunFunction, schedules: ReadonlyMap<string, Schedule>): ImprunFunction => ({
  ...view,
  served: view.served.map((served) => {
    const schedule = schedules.get(`${served.environment}/${view.name}`)
    return schedule ? { ...served, schedule } : served
  }),
})
