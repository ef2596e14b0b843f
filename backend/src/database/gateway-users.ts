import { type EnvironmentName, environmentDatabaseName, gatewayCollections, gatewayDatabaseName, runtimeHeartbeats, sysDatabaseName } from '@imprun/contracts'
import type { Document } from 'mongodb'
import { inBatches } from '../platform/in-batches.ts'
import type { Secrets } from '../platform/secrets.ts'
import type { Database } from './database.ts'
import type { DatabaseLayout } from './gateway-databases.ts'
import { sentWithin } from './sent-within.ts'

/**
 * The MongoDB users and privileges of runtimes and their workers, all of `admin`. Passwords follow from the installation's key, so none is stored and
 * every call is safe to repeat, and sends nothing any more once `withinMs` is over. What is returned holds a password: never log it.
 */
export interface GatewayUsers {
  /** The user of one runtime's front. @returns its address of MongoDB. */
  ensureFrontUser(runtimeId: string): Promise<{ uri: string }>
  dropFrontUser(runtimeId: string): Promise<void>
  /** Lets fronts watch a gateway's database; MongoDB has no privilege to watch single collections of one. */
  allowFront(gatewayId: string, withinMs?: number): Promise<void>
  forbidFront(gatewayId: string, withinMs?: number): Promise<void>
  /** The user of one environment's workers: it reaches that environment's data and nothing else. */
  ensureEnvironmentUser(gatewayId: string, environment: EnvironmentName, layout: DatabaseLayout): Promise<void>
  environmentUri(gatewayId: string, environment: EnvironmentName): string
  dropEnvironmentUser(gatewayId: string, environment: EnvironmentName, withinMs?: number): Promise<void>
}

interface Allowance {
  readonly gatewayId: string
  /** Of performance.now(). */
  readonly untilMs: number
}

const frontRole = 'imprun_front'
const frontUser = (runtimeId: string) => `imprun_front_${runtimeId}`
export const environmentUserName = (gatewayId: string, environment: EnvironmentName): string => `imprun_env_${gatewayId}_${environment}`

const inAnyDatabase = (collection: string, actions: readonly string[]): Document => ({ resource: { db: '', collection }, actions: [...actions] })
/** What a front does in every gateway's database, and where it says that it lives. */
const frontPrivileges: Document[] = [
  inAnyDatabase(gatewayCollections.publishedFunctions, ['find']),
  inAnyDatabase(gatewayCollections.environments, ['find']),
  inAnyDatabase(gatewayCollections.variables, ['find']),
  inAnyDatabase(gatewayCollections.credentials, ['find']),
  inAnyDatabase(gatewayCollections.runtimes, ['find', 'insert', 'update', 'remove']),
  inAnyDatabase(gatewayCollections.logs, ['insert']),
  inAnyDatabase(gatewayCollections.runs, ['find', 'remove']),
  inAnyDatabase(gatewayCollections.stats, ['find', 'insert', 'update']),
  inAnyDatabase(gatewayCollections.canaryCounts, ['find', 'insert', 'update']),
  inAnyDatabase(gatewayCollections.schedules, ['find', 'insert', 'update', 'remove']),
  { resource: { db: sysDatabaseName, collection: runtimeHeartbeats }, actions: ['find', 'insert', 'update', 'remove'] },
]
const watchPrivilege = (gatewayId: string): Document => ({
  resource: { db: gatewayDatabaseName(gatewayId), collection: '' },
  actions: ['find', 'changeStream'],
})

/** SHA-256 only: the passwords are random bits of full length, the weaker mechanism has no use. */
const mechanisms = ['SCRAM-SHA-256']
const userNotFound = 11
const roleNotFound = 31
const roleExists = 51002
const userExists = 51003

export function createGatewayUsers({ database, secrets }: { database: Database; secrets: Pick<Secrets, 'deriveSecret'> }): GatewayUsers {
  const admin = database.named('admin')
  const passwordOf = (user: string) => secrets.deriveSecret(`mongodb-user:${user}`)
  const uriOf = (user: string) => database.uriFor(user, passwordOf(user))

  const ensureUser = async (user: string, roles: Document[]) => {
    const facts = { pwd: passwordOf(user), roles, mechanisms }
    await unless(userExists, admin.command({ createUser: user, ...facts }), () => admin.command({ updateUser: user, ...facts }))
  }
  const dropUser = (user: string, withinMs?: number) => unless(userNotFound, admin.command({ dropUser: user }, sentWithin(withinMs)))
  const ensureFrontRole = () =>
    unless(roleExists, admin.command({ createRole: frontRole, privileges: frontPrivileges, roles: [] }), () =>
      admin.command({ grantPrivilegesToRole: frontRole, privileges: frontPrivileges }),
    )

  // MongoDB writes the whole role anew at each grant, one after the other, so those that are asked for meanwhile go together.
  const allowFronts = inBatches<Allowance>(async (asked) => {
    const allow = () => {
      // Whoever asked may have lost his say while the batch before was under way; the others ask again.
      const leftMs = Math.min(...asked.map(({ untilMs }) => untilMs)) - performance.now()
      const options = leftMs === Number.POSITIVE_INFINITY ? {} : sentWithin(leftMs)
      return admin.command({ grantPrivilegesToRole: frontRole, privileges: asked.map(({ gatewayId }) => watchPrivilege(gatewayId)) }, options)
    }
    await unless(roleNotFound, allow(), async () => {
      await ensureFrontRole()
      await allow()
    })
  })

  return {
    async ensureFrontUser(runtimeId) {
      await ensureFrontRole()
      await ensureUser(frontUser(runtimeId), [{ role: frontRole, db: 'admin' }])
      return { uri: uriOf(frontUser(runtimeId)) }
    },
    dropFrontUser: (runtimeId) => dropUser(frontUser(runtimeId)),
    allowFront: (gatewayId, withinMs = Number.POSITIVE_INFINITY) => allowFronts({ gatewayId, untilMs: performance.now() + withinMs }),
    forbidFront: (gatewayId, withinMs) =>
      unless(roleNotFound, admin.command({ revokePrivilegesFromRole: frontRole, privileges: [watchPrivilege(gatewayId)] }, sentWithin(withinMs))),
    // With the `shared` layout the data sits beside the `__` collections and a MongoDB role can deny nothing, so there the rules that the worker
    // enforces on every call are the only wall between a function and them.
    ensureEnvironmentUser: (gatewayId, environment, layout) =>
      ensureUser(environmentUserName(gatewayId, environment), [{ role: 'readWrite', db: environmentDatabaseName(gatewayId, environment, layout) }]),
    environmentUri: (gatewayId, environment) => uriOf(environmentUserName(gatewayId, environment)),
    dropEnvironmentUser: (gatewayId, environment, withinMs) => dropUser(environmentUserName(gatewayId, environment), withinMs),
  }
}

/** Takes one refusal of MongoDB as an answer. */
async function unless(code: number, command: Promise<unknown>, otherwise?: () => Promise<unknown>): Promise<void> {
  try {
    await command
  } catch (error) {
    if ((error as { code?: unknown }).code !== code) throw error
    await otherwise?.()
  }
}
