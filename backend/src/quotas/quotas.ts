import { ImprunError } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { Turns } from '../database/turns.ts'

/** How much one user or gateway may have. Whoever runs imprun sets them; undefined: as much as there is room for. */
export interface QuotaSettings {
  gatewaysPerUser: number
  functionsPerGateway: number
  /** MiB of documents, before compression. */
  dataMbPerEnvironment: number | undefined
}

/** What counts is made inside of these: all that belongs to one owner is counted and made one after the other, whichever backend does it. */
export interface Quotas {
  /** @param make runs again after a conflict, so it does nothing but write with the session. @throws QUOTA_EXCEEDED, or what `make` throws */
  makeGateway<Made>(ownerId: string, make: (session: ClientSession) => Promise<Made>): Promise<Made>
  makeFunction<Made>(gateway: { gatewayId: string; ownerId: string }, make: (session: ClientSession) => Promise<Made>): Promise<Made>
}

export function createQuotas({ database, turns, settings }: { database: Database; turns: Turns; settings: QuotaSettings }): Quotas {
  const count = (collection: string, filter: object, limit: number, session: ClientSession) =>
    database.sys.collection(collection).countDocuments(filter, { limit, session })

  return {
    makeGateway: (ownerId, make) =>
      turns.take(ownerId, async (session) => {
        const { gatewaysPerUser: max } = settings
        if ((await count('apiGateways', { ownerId }, max, session)) < max) return make(session)
        throw exceeded('gateways', max, `You have ${max} gateways, as many as one person may have here.`, 'Delete one that you no longer need')
      }),
    makeFunction: ({ gatewayId, ownerId }, make) =>
      turns.take(ownerId, async (session) => {
        const { functionsPerGateway: max } = settings
        if ((await count('functions', { gatewayId }, max, session)) < max) return make(session)
        throw exceeded('functions', max, `${gatewayId} has ${max} functions, as many as one gateway may have here.`, 'Delete one, or make another gateway')
      }),
  }
}

const exceeded = (what: string, max: number, state: string, remedy: string) =>
  new ImprunError('QUOTA_EXCEEDED', `${state} ${remedy}, or ask whoever runs imprun for more.`, { facts: { quota: what, max } })
