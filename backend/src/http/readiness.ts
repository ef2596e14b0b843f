import type { Database } from '../database/database.ts'
import type { EmbeddedMongodb } from '../database/embedded/embedded-mongodb.ts'
import type { Watcher } from '../database/watcher.ts'
import type { RuntimesStatus } from '../runtime-driver/runtime-pool.ts'
import type { PartState, Readiness } from './health.ts'

const pingTimeoutMs = 1_000

export function createReadiness(parts: { database: Database; mongodb: EmbeddedMongodb | undefined; watcher: Watcher; runtimes: RuntimesStatus }): Readiness {
  const { database, mongodb, watcher, runtimes } = parts
  return async () => {
    const lastError = runtimes.lastError()?.message
    return {
      database: await pingDatabase(database, mongodb),
      watcher: { isReady: watcher.isLive(), state: watcher.isLive() ? 'live' : 'reopening' },
      runtime: { isReady: runtimes.state() === 'running', state: runtimes.state(), ...(lastError ? { lastError } : {}) },
    }
  }
}

async function pingDatabase(database: Database, mongodb: EmbeddedMongodb | undefined): Promise<PartState> {
  try {
    await database.client.db('admin').command({ ping: 1 }, { timeoutMS: pingTimeoutMs })
    return { isReady: true, state: mongodb?.state() ?? 'running' }
  } catch {
    return { isReady: false, state: mongodb && mongodb.state() !== 'running' ? mongodb.state() : 'unreachable' }
  }
}
