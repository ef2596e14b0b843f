import { gatewayCollections, type StoredStats, statsId } from '@imprun/contracts'
import type { AnyBulkWriteOperation, MongoClient } from 'mongodb'
import type { Log } from '../../platform/log.ts'
import { noteUsual } from '../canary/late-calls.ts'
import type { Environment, FunctionEntry } from '../environment.ts'

/** Counts calls by function and minute and adds them to the gateway's `__stats`, so that an author sees which function fails. */
export interface CallStats {
  /** Called at the end of every call, so it only adds up; a call of a canary is counted for its side, too. */
  count(environment: Environment, entry: FunctionEntry, isFailed: boolean, durationMs: number): void
  /** Writes what one gateway's calls came to. What came later than the end of its database would bring that back. */
  settle(gatewayDatabase: string): Promise<void>
  stop(): Promise<void>
}

const flushEveryMs = 5_000
const minuteMs = 60_000
/** Counts that wait while MongoDB is away; the oldest of more are forgotten. */
const waitingMax = 10_000

interface Counts {
  environment: Environment
  functionName: string
  version: string
  calls: number
  failed: number
  durationMsSum: number
  durationMsMax: number
}
type StatsDocument = StoredStats & { _id: string }

export function createCallStats({ client, log, flushMs = flushEveryMs }: { client: MongoClient; log: Log; flushMs?: number }): CallStats {
  /** Only of functions that were called since the last flush; of the version that each had last. */
  let counted = new Map<FunctionEntry, Counts>()
  /** Of versions that were replaced since, and what could not be written yet. */
  let replaced: Counts[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = async (takes: (counts: Counts) => boolean): Promise<void> => {
    const taken = [...counted.values(), ...replaced].filter(takes)
    for (const [entry, counts] of counted) if (takes(counts)) counted.delete(entry)
    replaced = replaced.filter((counts) => !takes(counts))
    const minute = new Date(Math.floor(Date.now() / minuteMs) * minuteMs)
    const byDatabase = Map.groupBy(taken, ({ environment }) => environment.assignment.gatewayDatabase)
    await Promise.all(
      [...byDatabase].map(async ([database, those]) => {
        try {
          await client
            .db(database)
            .collection<StatsDocument>(gatewayCollections.stats)
            .bulkWrite(
              those.map((counts) => toAddition(counts, minute)),
              { ordered: false, writeConcern: { w: 1 } },
            )
        } catch (error) {
          log.debug({ database, error }, 'Counts of calls could not be written; they wait.')
          replaced = [...replaced, ...those].slice(-waitingMax)
          flushLater()
        }
      }),
    )
  }
  const flushLater = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      void flush(() => true)
    }, flushMs)
  }

  return {
    count(environment, entry, isFailed, durationMs) {
      const { tally } = entry
      if (tally !== undefined) {
        tally.calls += 1
        if (isFailed) tally.failed += 1
      }
      if (!isFailed) noteUsual(entry, durationMs)
      let counts = counted.get(entry)
      if (counts !== undefined && counts.version !== entry.version) {
        replaced.push(counts)
        counts = undefined
      }
      if (counts === undefined) {
        counts = { environment, functionName: entry.name, version: entry.version, calls: 0, failed: 0, durationMsSum: 0, durationMsMax: 0 }
        counted.set(entry, counts)
        flushLater()
      }
      counts.calls += 1
      if (isFailed) counts.failed += 1
      counts.durationMsSum += durationMs
      if (durationMs > counts.durationMsMax) counts.durationMsMax = durationMs
    },
    settle: (gatewayDatabase) => flush(({ environment }) => environment.assignment.gatewayDatabase === gatewayDatabase),
    async stop() {
      clearTimeout(timer)
      await flush(() => true)
      clearTimeout(timer)
      counted = new Map()
      replaced = []
    },
  }
}

function toAddition(
  { environment, functionName, version, calls, failed, durationMsSum, durationMsMax }: Counts,
  minute: Date,
): AnyBulkWriteOperation<StatsDocument> {
  const place = { environment: environment.name, functionName, version, minute }
  return {
    updateOne: {
      filter: { _id: statsId(place) },
      update: { $setOnInsert: place, $inc: { calls, failed, durationMsSum }, $max: { durationMsMax } },
      upsert: true,
    },
  }
}
