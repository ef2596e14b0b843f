import { cpus } from 'node:os'
import type { Database } from '../../backend/src/database/database.ts'

/** Of one processor each, so two that are busy all the time are 200 %. */
export interface ProcessorsUse {
  allPercent: number
  mongodPercent: number
}

/** @returns ends the watching; how busy the machine was since then, and MongoDB's part of it */
export async function watchProcessors(database: Database): Promise<() => Promise<ProcessorsUse>> {
  const before = await readUse(database)
  return async () => {
    const after = await readUse(database)
    const percentOf = (usedMs: number): number => (usedMs / (after.atMs - before.atMs)) * 100
    return { allPercent: percentOf(after.allMs - before.allMs), mongodPercent: percentOf(after.mongodMs - before.mongodMs) }
  }
}

async function readUse(database: Database): Promise<{ atMs: number; allMs: number; mongodMs: number }> {
  const { extra_info } = await database.named('admin').command({ serverStatus: 1 })
  const allMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return { atMs: performance.now(), allMs, mongodMs: (Number(extra_info.user_time_us) + Number(extra_info.system_time_us)) / 1_000 }
}
