import { createHash } from 'node:crypto'
import { canaryCountsTtlS, gatewayCollections, logTtlS, runTtlS, runtimeHeartbeats, statsTtlS } from '@imprun/contracts'
import type { Db, IndexDescription } from 'mongodb'
import { phaseIndexes } from '../phases/phase-indexes.ts'
import type { Database } from './database.ts'

/** How long what was told, or could not be, can be looked up; longer than the past that is looked through for what was not told. */
export const notificationTtlS = 9 * 24 * 3600

/** How long the answer to an Idempotency-Key is kept. */
export const idempotencyTtlS = 24 * 3600

type Indexes = Readonly<Record<string, readonly IndexDescription[]>>

/** Every index of `sys_db`: unique where identity is claimed, one where the phase engine claims, and one for each way of listing. */
const sysIndexes: Indexes = {
  users: [{ key: { name: 1 }, unique: true }],
  accessTokens: [{ key: { hash: 1 }, unique: true }, { key: { userId: 1 } }],
  apiGateways: [{ key: { gatewayId: 1 }, unique: true }, { key: { ownerId: 1, name: 1, _id: 1 } }, { key: { gatewayId: 1, name: 1, _id: 1 } }, ...phaseIndexes],
  members: [{ key: { userId: 1 } }, { key: { gatewayId: 1, name: 1 } }],
  environments: [
    { key: { gatewayId: 1, environment: 1 }, unique: true },
    // Who is served where is asked every second.
    { key: { phase: 1, state: 1, regionId: 1, runtimeId: 1 } },
    // Whether a freeze begins or ends is asked every second, too.
    { key: { 'protection.freezes.name': 1 }, sparse: true },
    ...phaseIndexes,
  ],
  runtimeInstances: [
    { key: { environmentId: 1 } },
    // An environment has at most one instance that is wanted; the others are on their way out.
    { key: { environmentId: 1 }, unique: true, partialFilterExpression: { state: 'active' }, name: 'oneWantedInstance' },
    { key: { runtimeId: 1, state: 1, phase: 1 } },
    { key: { gatewayId: 1 } },
    ...phaseIndexes,
  ],
  functions: [{ key: { gatewayId: 1, name: 1 }, unique: true }],
  variables: [{ key: { gatewayId: 1 } }],
  variableVersions: [{ key: { gatewayId: 1, environment: 1, version: -1 } }],
  releases: [
    { key: { functionId: 1, version: 1 }, unique: true },
    { key: { functionId: 1, sequence: -1 }, unique: true },
    { key: { gatewayId: 1 } },
    // Whether a file is in any bundle is asked at every publish.
    { key: { gatewayId: 1, 'imports.file': 1 }, partialFilterExpression: { 'imports.file': { $exists: true } } },
  ],
  deployments: [
    { key: { functionId: 1, _id: -1 } },
    { key: { gatewayId: 1, _id: -1 } },
    { key: { gatewayId: 1, environment: 1, _id: -1 } },
    // Failures are rare, and asked for.
    { key: { gatewayId: 1, status: 1, _id: -1 } },
    { key: { functionId: 1, environment: 1, status: 1, revision: -1 } },
    { key: { lane: 1 }, unique: true, partialFilterExpression: { lane: { $exists: true } } },
    { key: { functionId: 1, environment: 1 }, partialFilterExpression: { isOpen: true } },
    { key: { claimedAt: 1 }, partialFilterExpression: { isOpen: true } },
    { key: { gatewayId: 1, status: 1 }, partialFilterExpression: { isOpen: true } },
    { key: { awaitsApproval: 1, functionId: 1, environment: 1 }, partialFilterExpression: { awaitsApproval: true } },
    { key: { callId: 1 }, partialFilterExpression: { callId: { $exists: true } } },
    { key: { setId: 1 }, partialFilterExpression: { setId: { $exists: true } } },
  ],
  applications: [{ key: { ownerId: 1, name: 1 }, unique: true }],
  applicationGrants: [
    { key: { applicationId: 1, gatewayId: 1, environment: 1 }, unique: true, partialFilterExpression: { state: 'active' }, name: 'oneActiveGrant' },
    { key: { applicationId: 1, _id: -1 } },
    { key: { gatewayId: 1, environment: 1 } },
    { key: { ownerId: 1 } },
  ],
  credentials: [{ key: { hash: 1 }, unique: true }, { key: { applicationId: 1 } }, { key: { gatewayId: 1 } }],
  mcpTools: [{ key: { gatewayId: 1, environment: 1, name: 1 }, unique: true }, { key: { ownerId: 1, name: 1 } }],
  notifiers: [{ key: { gatewayId: 1 } }],
  notifications: [
    { key: { nextAttemptAt: 1 }, partialFilterExpression: { state: 'due' } },
    { key: { notifierId: 1, createdAt: -1 } },
    { key: { gatewayId: 1 } },
    { key: { createdAt: 1 }, expireAfterSeconds: notificationTtlS },
  ],
  auditLog: [{ key: { gatewayId: 1, _id: -1 } }, { key: { userId: 1, _id: -1 } }, { key: { requestId: 1 } }],
  portLeases: [{ key: { port: 1 }, unique: true }],
  runtimes: [],
  turns: [],
  [runtimeHeartbeats]: [],
  idempotencyKeys: [
    { key: { ownerId: 1, key: 1 }, unique: true },
    { key: { lockedBy: 1 }, partialFilterExpression: { state: 'running' } },
    { key: { createdAt: 1 }, expireAfterSeconds: idempotencyTtlS },
  ],
}

/**
 * Collections and indexes of a gateway's database, made with its first publication or variable: most gateways that are made together stay empty for long,
 * and each file costs MongoDB milliseconds. `__counters`, `__environments` and `__runtimes` need no index and come by themselves.
 */
const gatewayIndexes: Indexes = {
  // Named by their ids after what they are unique for: function and environment, credential, environment.
  [gatewayCollections.publishedFunctions]: [{ key: { environment: 1, revision: 1 } }],
  [gatewayCollections.credentials]: [{ key: { environment: 1, revision: 1 } }],
  [gatewayCollections.variables]: [],
  // Newest first within what the filters name; the other filters are looked at line by line.
  [gatewayCollections.logs]: [
    { key: { environment: 1, functionName: 1, at: -1, _id: -1 } },
    { key: { functionName: 1, at: -1, _id: -1 } },
    { key: { requestId: 1 }, sparse: true },
    { key: { at: 1 }, expireAfterSeconds: logTtlS },
  ],
  [gatewayCollections.runs]: [{ key: { createdAt: 1 }, expireAfterSeconds: runTtlS }],
  [gatewayCollections.schedules]: [{ key: { environment: 1, nextAt: 1 } }],
  [gatewayCollections.canaryCounts]: [{ key: { deploymentId: 1 } }, { key: { at: 1 }, expireAfterSeconds: canaryCountsTtlS }],
  [gatewayCollections.stats]: [{ key: { minute: 1 }, expireAfterSeconds: statsTtlS }],
}

/** Safe to repeat. */
export const ensureSysIndexes = (database: Database): Promise<void> => ensureIndexes(database.sys, sysIndexes)

/** Changes with what a gateway's database should have, so that one that was made before can be told. */
export const gatewayLayout = createHash('sha256').update(JSON.stringify(gatewayIndexes)).digest('hex').slice(0, 12)

/** Safe to repeat. Also makes the collections, so that a transaction never has to. */
export const ensureGatewayIndexes = (database: Database, gatewayId: string): Promise<void> => ensureIndexes(database.gateway(gatewayId), gatewayIndexes)

async function ensureIndexes(db: Db, indexes: Indexes): Promise<void> {
  const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
  for (const [collection, wanted] of Object.entries(indexes)) {
    if (wanted.length > 0) await db.collection(collection).createIndexes([...wanted])
    else if (!existing.has(collection)) await createCollection(db, collection)
  }
}

const namespaceExists = 48
async function createCollection(db: Db, name: string): Promise<void> {
  try {
    await db.createCollection(name)
  } catch (error) {
    if ((error as { code?: unknown }).code !== namespaceExists) throw error
  }
}
