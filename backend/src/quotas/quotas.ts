import { ImprunError } from '@imprun/contracts'
import type { Database } from '../database/database.ts'

/** How much one user or gateway may have. Whoever runs imprun sets them; undefined: as much as there is room for. */
export interface QuotaSettings {
  gatewaysPerUser: number
  functionsPerGateway: number
  /** MiB of documents, before compression. */
  dataMbPerEnvironment: number | undefined
}

/** Each is asked before something is made. Two that are made in one moment may both pass: quotas guard resources, not secrets. */
export interface Quotas {
  /** @throws QUOTA_EXCEEDED */
  checkGateways(ownerId: string): Promise<void>
  /** @throws QUOTA_EXCEEDED */
  checkFunctions(gatewayId: string): Promise<void>
}

export function createQuotas({ database, settings }: { database: Database; settings: QuotaSettings }): Quotas {
  const count = (collection: string, filter: object, limit: number) => database.sys.collection(collection).countDocuments(filter, { limit })
  return {
    async checkGateways(ownerId) {
      const { gatewaysPerUser: max } = settings
      if ((await count('apiGateways', { ownerId }, max)) < max) return
      throw exceeded('gateways', max, `You have ${max} gateways, as many as one person may have here.`, 'Delete one that you no longer need')
    },
    async checkFunctions(gatewayId) {
      const { functionsPerGateway: max } = settings
      if ((await count('functions', { gatewayId }, max)) < max) return
      throw exceeded('functions', max, `${gatewayId} has ${max} functions, as many as one gateway may have here.`, 'Delete one, or make another gateway')
    },
  }
}

const exceeded = (what: string, max: number, state: string, remedy: string) =>
  new ImprunError('QUOTA_EXCEEDED', `${state} ${remedy}, or ask whoever runs imprun for more.`, { facts: { quota: what, max } })
