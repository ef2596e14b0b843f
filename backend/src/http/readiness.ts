import type { Database } from '../database/database.ts'
import type { EmbeddedMongodb } from '../database/embedded/embedded-mongodb.ts'
import type { Watcher } from '../database/watcher.ts'
import type { RuntimeDriver } from '../runtime-driver/runtime-driver.ts'
import type { PartState, Readiness } from './health.ts'

const pingTimeoutMs = 1_000

export function createReadiness(parts: { database: Database; mongodb: EmbeddedMongodb | undefined; watcher: Watcher; driver: RuntimeDriver }): Readiness {
  const { database, mongodb, watcher, driver } = parts
  return async () => {
    const lastError = driver.lastError()?.message
    return {
      database: await pingDatabase(database, mongodb),
      watcher: { isReady: watcher.isLive(), state: watcher.isLive() ? 'live' : 'reopening' },
      runtime: { isReady: driver.state() === 'running', state: driver.state(), ...(lastError ? { lastError } : {}) },
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
