import { randomBytes } from 'node:crypto'
import { gatewayCollections, type StoredCanaryCounts } from '@imprun/contracts'
import type { MongoClient } from 'mongodb'
import type { Log } from '../../platform/log.ts'
import type { Environment } from '../environment.ts'
import type { Tally } from './canary.ts'
import { countWithLate, lateAfterMs } from './late-calls.ts'

/** Tells the backend how both sides of each canary do, for as long as it runs here. */
export interface CanaryCounts {
  /** @returns what is counted in from now on */
  begin(environment: Environment, functionName: string, deploymentId: string): Sides
  end(deploymentId: string): void
  /** Writes what one gateway's canaries came to, and forgets them. What came later than the end of its database would bring that back. */
  settle(gatewayDatabase: string): Promise<void>
  stop(): Promise<void>
}
export interface Sides {
  readonly baseline: Tally
  readonly candidate: Tally
}

/** A candidate that fails goes back within five seconds; most of them are the backend's. */
const flushEveryMs = 1_000

interface Running extends Sides {
  /** Of its document; new each time that counting begins at zero. */
  id: string
  deploymentId: string
  environment: Environment
  functionName: string
  /** What was written last. */
  told: string
  writing: Promise<void> | undefined
}
type CountsDocument = StoredCanaryCounts & { _id: string }

/** A canary that nobody calls writes nothing. */
const nothingTold = JSON.stringify({ baseline: { calls: 0, failed: 0 }, candidate: { calls: 0, failed: 0 } })
const noCalls = (): Tally => ({ calls: 0, failed: 0, open: new Set() })

export function createCanaryCounts({ client, log }: { client: MongoClient; log: Log }): CanaryCounts {
  const running = new Map<string, Running>()
  let timer: NodeJS.Timeout | undefined

  const write = (counts: Running, lateMs: number): Promise<void> => {
    counts.writing ??= writeNow(counts, lateMs).finally(() => {
      counts.writing = undefined
    })
    return counts.writing
  }
  const writeNow = async (counts: Running, lateMs: number): Promise<void> => {
    const { id, deploymentId, environment, functionName } = counts
    const nowMs = performance.now()
    const sums = { baseline: countWithLate(counts.baseline, lateMs, nowMs), candidate: countWithLate(counts.candidate, lateMs, nowMs) }
    const told = JSON.stringify(sums)
    if (told === counts.told) return
    try {
      await client
        .db(environment.assignment.gatewayDatabase)
        .collection<CountsDocument>(gatewayCollections.canaryCounts)
        .updateOne(
          { _id: id },
          {
            $set: { deploymentId, environment: environment.name, functionName, ...sums },
            $currentDate: { at: true },
          },
          { upsert: true, writeConcern: { w: 1 } },
        )
      counts.told = told
    } catch (error) {
      log.debug({ environment: environment.key, error }, 'How a canary does could not be written; it is tried again.')
    }
  }
  const flush = async (): Promise<void> => {
    await Promise.all([...running.values()].map((counts) => write(counts, lateAfterMs(counts.environment.functions.get(counts.functionName)))))
  }
  /** What is under way when counting ends may still go well. */
  const flushEnded = async (which: (counts: Running) => boolean): Promise<void> => {
    await Promise.all([...running.values()].filter(which).map((counts) => write(counts, Number.POSITIVE_INFINITY)))
  }
  const forget = (deploymentId: string): void => {
    running.delete(deploymentId)
    if (running.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    begin(environment, functionName, deploymentId) {
      const id = `${deploymentId}/${randomBytes(8).toString('hex')}`
      const sides = { baseline: noCalls(), candidate: noCalls() }
      const counts: Running = { id, deploymentId, environment, functionName, ...sides, told: nothingTold, writing: undefined }
      running.set(deploymentId, counts)
      timer ??= setInterval(() => void flush(), flushEveryMs)
      return counts
    },
    end: forget,
    async settle(gatewayDatabase) {
      const isOfIt = ({ environment }: Running) => environment.assignment.gatewayDatabase === gatewayDatabase
      await flushEnded(isOfIt)
      for (const counts of [...running.values()]) if (isOfIt(counts)) forget(counts.deploymentId)
    },
    async stop() {
      await flushEnded(() => true)
      for (const deploymentId of [...running.keys()]) forget(deploymentId)
    },
  }
}
