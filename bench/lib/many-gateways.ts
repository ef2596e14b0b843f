import { bundleSchema, type Phase, type State } from '@imprun/contracts'
import type { Database } from '../../backend/src/database/database.ts'
import { newEnvironments, type StoredEnvironment } from '../../backend/src/environments/environment-store.ts'
import type { StoredGateway } from '../../backend/src/gateways/gateway-store.ts'
import { createClaimStore } from '../../backend/src/phases/claims.ts'
import { newPhaseDocument, untilNudged } from '../../backend/src/phases/phase-document.ts'
import { newId } from '../../backend/src/platform/ids.ts'
import { givenLifecycle } from '../../backend/test/support/given-lifecycle.ts'

const atOnce = 2_000
const lookEveryMs = 250
const createDeadlineMs = 120_000

/** @returns how long it takes until the last of so many gateways, all asked for at one moment, is Started. */
export async function measureCreation(count: number): Promise<number> {
  await using given = await givenLifecycle({ hasNoUsers: true })
  const startedAtMs = performance.now()
  const started = () => given.database.sys.collection<StoredGateway>('apiGateways').countDocuments({ phase: 'Started' })
  await Promise.all(Array.from({ length: count }, (_, index) => given.createGateway({ name: `Gateway ${index}`, gatewayId: `made-${index}` })))
  while ((await started()) < count) {
    if (performance.now() - startedAtMs > createDeadlineMs) break
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return performance.now() - startedAtMs
}

/** Gateways with their environments, put down as if they had come to rest there. */
export async function putGateways(database: Database, options: { count: number; ownerId: string; state: State; phase: Phase }): Promise<void> {
  const { count, ownerId, state, phase } = options
  const now = new Date()
  const atRest = { ...newPhaseDocument(now, untilNudged), state, phase }
  for (let first = 0; first < count; first += atOnce) {
    const gateways = Array.from({ length: Math.min(atOnce, count - first) }, (_, index): StoredGateway => {
      const gatewayId = `idle-${String(first + index).padStart(6, '0')}`
      const bundle = bundleSchema.parse({})
      return { _id: newId(), gatewayId, ownerId, name: `Gateway ${gatewayId}`, regionId: 'local', bundle, database: 'separate', pipeline: 'on', ...atRest }
    })
    await database.sys.collection<StoredGateway>('apiGateways').insertMany(gateways, { ordered: false })
    const environments = gateways.flatMap((gateway) => newEnvironments(gateway, now).map((environment) => ({ ...environment, ...atRest, gatewayState: state })))
    await database.sys.collection<StoredEnvironment>('environments').insertMany(environments, { ordered: false })
  }
}

/** What a backend costs while nothing happens in so many gateways: one tick's claim, its CPU, and queries that had to look at every document. */
export async function measureIdle(database: Database, forMs: number): Promise<{ claimsMs: number[]; coreShare: number; scans: number }> {
  await using given = await givenLifecycle({ hasNoUsers: true })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const cpu = process.cpuUsage()
  const startedAtMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, forMs))
  const { user, system } = process.cpuUsage(cpu)
  const coreShare = (user + system) / 1000 / (performance.now() - startedAtMs)

  const claims = createClaimStore({ collection: database.sys.collection<StoredGateway>('apiGateways'), holder: 'bench' })
  const claimsMs: number[] = []
  for (let index = 0; index < 200; index++) {
    const claimAtMs = performance.now()
    if (await claims.claim()) throw new Error('A gateway at rest was claimed.')
    claimsMs.push(performance.now() - claimAtMs)
  }
  // Last, because to write down every query costs more than the query.
  await database.sys.command({ profile: 2 })
  await Promise.all(Object.values(given.lifecycle.queues).map((read) => read()))
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await database.sys.command({ profile: 0 })
  const ofPhases = ['apiGateways', 'environments', 'runtimeInstances'].map((name) => `${database.sys.databaseName}.${name}`)
  const scans = await database.sys.collection('system.profile').countDocuments({ ns: { $in: ofPhases }, planSummary: /COLLSCAN/ })
  await database.sys.collection('system.profile').drop()
  return { claimsMs, coreShare, scans }
}
