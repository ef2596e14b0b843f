import { type AuthType, type EnvironmentSettings, environmentLimitsDefault, gatewayCollections } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { EnvironmentStore, StoredEnvironment } from './environment-store.ts'

type Ref = Pick<StoredEnvironment, 'gatewayId' | 'environment'>

/** The environment's settings, kept alike in `sys_db` and in the gateway's database, where runtimes read them. */
export interface EnvironmentSettingsStore {
  /** Has runtimes find the environment; one that is there stays as it is. */
  ensure(environment: Pick<StoredEnvironment, 'gatewayId' | 'environment' | 'authType'>): Promise<void>
  /** @returns the revision that runtimes have to acknowledge. */
  setAuthType(ref: Ref, authType: AuthType): Promise<number>
}

export function createEnvironmentSettingsStore({ database, environments }: { database: Database; environments: EnvironmentStore }): EnvironmentSettingsStore {
  const settings = (gatewayId: string) => database.gateway(gatewayId).collection<EnvironmentSettings>(gatewayCollections.environments)

  const write = async ({ gatewayId, environment }: Ref, authType: AuthType): Promise<number> => {
    const { revision } = await withNextRevision(database, gatewayId, async (session, revision) => {
      await settings(gatewayId).updateOne(
        { environment },
        { $set: { revision, authType }, $setOnInsert: { limits: environmentLimitsDefault } },
        { upsert: true, session },
      )
      await environments.setSettings(gatewayId, environment, { authType, revision }, session)
    })
    return revision
  }

  return {
    async ensure({ gatewayId, environment, authType }) {
      if (!(await settings(gatewayId).findOne({ environment }, { projection: { _id: 1 } }))) await write({ gatewayId, environment }, authType)
    },
    setAuthType: write,
  }
}
