import { type EnvironmentName, type EnvironmentVariables, gatewayCollections, type StoredVariables } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'

interface Ref {
  gatewayId: string
  environment: EnvironmentName
}
interface StoredSet extends Ref {
  /** `<gatewayId>/<environment>` */
  _id: string
  variables: StoredVariables
}

/** The variables of environments, kept alike in `sys_db` and in the gateway's database, where runtimes read them. Secrets are sealed in both. */
export interface VariableStore {
  get(ref: Ref, session?: ClientSession): Promise<StoredVariables>
  /** Part of the transaction that numbers the write. */
  replace(ref: Ref, variables: StoredVariables, revision: number, session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

export function createVariableStore(database: Database): VariableStore {
  const sets = database.sys.collection<StoredSet>('variables')
  const published = (gatewayId: string) => database.gateway(gatewayId).collection<EnvironmentVariables & { _id: string }>(gatewayCollections.variables)
  const idOf = ({ gatewayId, environment }: Ref) => `${gatewayId}/${environment}`
  return {
    async get(ref, session) {
      const found = await sets.findOne({ _id: idOf(ref) }, session ? { session } : {})
      return found?.variables ?? {}
    },
    async replace({ gatewayId, environment }, variables, revision, session) {
      const options = { upsert: true, session }
      await sets.replaceOne({ _id: idOf({ gatewayId, environment }) }, { gatewayId, environment, variables }, options)
      await published(gatewayId).replaceOne({ _id: environment }, { environment, revision, variables }, options)
    },
    async removeAll(gatewayId) {
      await sets.deleteMany({ gatewayId })
    },
  }
}
