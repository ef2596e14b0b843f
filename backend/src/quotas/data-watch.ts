import { environmentDatabaseName } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { EnvironmentSettingsStore } from '../environments/environment-settings.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated, type Repeated } from '../platform/repeated.ts'

const lookEveryMs = 5_000
const mebibyte = 1024 * 1024
/** MongoDB's compression makes documents smaller on disk, hardly ever by more than this; what is smaller needs no closer look. */
const compressionMax = 20
/** Of the quota: so that an environment at its edge is not opened and closed in turns. */
const openAgainShare = 0.95

/** Has workers refuse to write more once an environment's data has reached its quota, and lets them again once enough was deleted. */
export function createDataWatch(deps: {
  database: Database
  environments: Pick<EnvironmentStore, 'listToServe'>
  settings: Pick<EnvironmentSettingsStore, 'setDatabaseFull'>
  dataMbPerEnvironment: number | undefined
  clock: Clock
  log: Log
}): Repeated {
  const { database, environments, settings, dataMbPerEnvironment, clock, log } = deps

  /** One command tells of all databases how much they have on disk. */
  const readOnDisk = async () => {
    const { databases } = await database.client.db('admin').admin().listDatabases({ nameOnly: false })
    return new Map(databases.map(({ name, sizeOnDisk = 0 }) => [name, sizeOnDisk]))
  }
  const look = async (quotaBytes: number, stopping: AbortSignal) => {
    const onDisk = await readOnDisk()
    for (const environment of await environments.listToServe()) {
      if (stopping.aborted) return
      const name = environmentDatabaseName(environment.gatewayId, environment.environment, environment.database)
      const isFull = environment.isDatabaseFull === true
      if (!isFull && (onDisk.get(name) ?? 0) * compressionMax < quotaBytes) continue
      const { dataSize } = (await database.named(name).stats()) as { dataSize: number }
      await note(environment, isFull, dataSize >= quotaBytes * (isFull ? openAgainShare : 1))
    }
  }
  const note = async ({ gatewayId, environment }: StoredEnvironment, wasFull: boolean, isFull: boolean) => {
    if (wasFull === isFull) return
    await settings.setDatabaseFull({ gatewayId, environment }, isFull)
    log.info({ gatewayId, environment, isFull }, isFull ? 'The data of an environment has reached its quota' : 'The data of an environment is below its quota')
  }
  if (dataMbPerEnvironment === undefined) return { start() {}, async stop() {} }
  const quotaBytes = dataMbPerEnvironment * mebibyte
  return createRepeated((stopping) => look(quotaBytes, stopping), {
    everyMs: lookEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'The sizes of databases cannot be read at the moment'),
  })
}
