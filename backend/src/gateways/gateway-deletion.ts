import type { Deletion } from '@imprun/contracts'
import { environmentDatabaseName, gatewayDatabaseName } from '@imprun/contracts'
import type { Document } from 'mongodb'
import { environmentUserName } from '../database/gateway-users.ts'
import type { StoredEnvironment } from '../environments/environment-store.ts'
import { epoch } from '../phases/phase-document.ts'
import type { StoredGateway } from './gateway-store.ts'

/** How long a deletion may take before a person should look. */
export const deletionDeadlineMs = 5 * 60_000

/** Who asked for a deletion, for the record of what it had to leave behind. */
export interface DeletionOrder {
  readonly isForced: boolean
  readonly userId: string
  readonly actor: string
  readonly requestId: string
}

export interface StoredDeletion extends DeletionOrder {
  deadlineAt: Date
  /** What a forced deletion has given up. */
  leftovers: string[]
}

/** The update that has a gateway deleted, or its deletion forced. The deadline is that of the first order. */
export const orderDeletion = (order: DeletionOrder, deadlineMs: number): Document[] => [
  {
    $set: {
      state: 'deleted',
      nextAttemptAt: epoch,
      nudges: { $add: ['$nudges', 1] },
      updatedAt: '$$NOW',
      deletion: {
        $mergeObjects: [{ deadlineAt: { $add: ['$$NOW', deadlineMs] }, leftovers: [] }, '$deletion', { $literal: order }],
      },
    },
  },
]

type EnvironmentRef = Pick<StoredEnvironment, 'gatewayId' | 'environment' | 'database'>

export const onRuntime = ({ gatewayId, environment }: EnvironmentRef): string => `environment ${environment} of ${gatewayId} on its runtime`
export const userOf = ({ gatewayId, environment }: EnvironmentRef): string => `MongoDB user ${environmentUserName(gatewayId, environment)}`
export const databaseOf = ({ gatewayId, environment, database }: EnvironmentRef): string =>
  `database ${environmentDatabaseName(gatewayId, environment, database)}`
export const gatewayDatabaseOf = (gatewayId: string): string => `database ${gatewayDatabaseName(gatewayId)}`

/** What an environment still has: it loses all of it in this order, and goes with the last. */
const leftoversOf = (environment: EnvironmentRef): string[] => [
  onRuntime(environment),
  userOf(environment),
  ...(environment.database === 'separate' ? [databaseOf(environment)] : []),
]

/** @returns undefined for a gateway that is not being deleted. */
export function toDeletionView({ gatewayId, deletion }: StoredGateway, environments: readonly StoredEnvironment[], now: Date): Deletion | undefined {
  if (!deletion) return undefined
  return {
    deadlineAt: deletion.deadlineAt.toISOString(),
    isOverdue: now > deletion.deadlineAt,
    leftovers: [...deletion.leftovers, ...environments.flatMap(leftoversOf), gatewayDatabaseOf(gatewayId)],
  }
}

/**
 * Does the parts of a deletion one after the other. What fails ends it, or, when it is forced, is left behind.
 * @returns what was left behind, by name
 */
export async function removeParts(parts: readonly (readonly [name: string, remove: () => Promise<unknown>])[], isForced: boolean): Promise<string[]> {
  const leftovers: string[] = []
  for (const [name, remove] of parts) {
    try {
      await (isForced ? withinMs(remove(), forcedPartMs) : remove())
    } catch (error) {
      if (!isForced) throw error
      leftovers.push(name)
    }
  }
  return leftovers
}

/** What a forced deletion gives each part: "at once" for whoever waits, and enough for a database that is busy. */
const forcedPartMs = 5_000

async function withinMs<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`It took longer than ${ms} ms.`)), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
