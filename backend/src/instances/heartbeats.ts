import { heartbeatLostAfterMs, type RuntimeHeartbeat, runtimeHeartbeats } from '@imprun/contracts'
import type { Database } from '../database/database.ts'

/** Which of these runtimes live by what they say themselves. Whether a heartbeat is young enough is asked of the database, whose clock wrote it. */
export async function listBeating(database: Database, runtimeIds: readonly string[]): Promise<Set<string>> {
  if (runtimeIds.length === 0) return new Set()
  const isYoung = { $expr: { $gt: ['$heartbeatAt', { $subtract: ['$$NOW', heartbeatLostAfterMs] }] } }
  const heartbeats = database.sys.collection<RuntimeHeartbeat>(runtimeHeartbeats)
  const beating = await heartbeats.find({ _id: { $in: [...runtimeIds] }, ...isYoung }, { projection: { _id: 1 } }).toArray()
  return new Set(beating.map(({ _id }) => _id))
}
