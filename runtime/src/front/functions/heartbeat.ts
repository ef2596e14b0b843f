import { heartbeatEveryMs, type RuntimeHeartbeat, runtimeHeartbeats, sysDatabaseName } from '@imprun/contracts'
import type { MongoClient } from 'mongodb'
import type { Log } from '../../platform/log.ts'

/** Says that this runtime lives: one small write however many gateways it serves. */
export interface Heartbeat {
  start(): void
  /** Settles with the first beat that is written; nobody waits for a runtime before that. */
  readonly begun: Promise<void>
  /** Nobody waits for this runtime any more. */
  stop(): Promise<void>
}

export function createHeartbeat({ client, runtimeId, log }: { client: MongoClient; runtimeId: string; log: Log }): Heartbeat {
  // A beat that a failover takes back is followed by the next one.
  const beats = client.db(sysDatabaseName).collection<RuntimeHeartbeat>(runtimeHeartbeats, { writeConcern: { w: 1 } })
  const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>()
  let timer: NodeJS.Timeout | undefined
  let beating: Promise<void> | undefined

  const beat = (): void => {
    beating ??= beats
      .updateOne({ _id: runtimeId }, { $currentDate: { heartbeatAt: true } }, { upsert: true })
      .then(
        () => onBegun(),
        (error: unknown) => log.debug({ error }, 'A heartbeat could not be written.'),
      )
      .finally(() => {
        beating = undefined
      })
  }
  return {
    begun,
    start() {
      timer = setInterval(beat, heartbeatEveryMs)
      beat()
    },
    async stop() {
      clearInterval(timer)
      await beating
      await beats.deleteOne({ _id: runtimeId }).catch((error: unknown) => log.debug({ error }, 'The heartbeat could not be taken back.'))
    },
  }
}
