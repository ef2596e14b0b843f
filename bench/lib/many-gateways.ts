import { setTimeout as sleep } from 'node:timers/promises'
import { bundleSchema, type Phase, type State } from '@imprun/contracts'
import type { Database } from '../../backend/src/database/database.ts'
import { newEnvironments, type StoredEnvironment } from '../../backend/src/environments/environment-store.ts'
import type { StoredFunction } from '../../backend/src/functions/function-store.ts'
import type { StoredGateway } from '../../backend/src/gateways/gateway-store.ts'
import { createClaimStore } from '../../backend/src/phases/claims.ts'
import { newPhaseDocument, untilNudged } from '../../backend/src/phases/phase-document.ts'
import { newId } from '../../backend/src/platform/ids.ts'
import { eventually } from '../../backend/test/support/eventually.ts'
import { givenLifecycle } from '../../backend/test/support/given-lifecycle.ts'
import { isStarted } from './empty-machine.ts'
import { createTally } from './tally.ts'

const atOnce = 2_000
/** Long after the target: a slow machine is to be told its figure. */
const createDeadlineMs = 10 * 60_000
const phaseCollections = ['apiGateways', 'environments', 'runtimeInstances']

/** @returns how long it takes until the last of so many gateways, all asked for at one moment, is Started, and what MongoDB is asked for each. */
export async function measureCreation(count: number): Promise<{ tookMs: number; commandsEach: number }> {
  const started = createTally()
  await using given = await givenLifecycle({ hasNoUsers: true, observe: (event) => void (isStarted(event) && started.tell(event.id)) })
  const commandsBefore = await countCommands(given.database)
  const startedAtMs = performance.now()
  const gateways = await Promise.all(Array.from({ length: count }, (_, index) => given.createGateway({ name: `Gateway ${index}`, gatewayId: `made-${index}` })))
  await started.all(
    gateways.map(({ _id }) => _id),
    createDeadlineMs,
  )
  const tookMs = performance.now() - startedAtMs
  return { tookMs, commandsEach: ((await countCommands(given.database)) - commandsBefore) / count }
}

/** How many commands mongod has been given, of one kind or all. */
async function countCommands(database: Database, name?: string): Promise<number> {
  const { metrics } = await database.named('admin').command({ serverStatus: 1 })
  const kinds = Object.entries(metrics.commands as Record<string, { total?: number }>)
  return kinds.reduce((sum, [kind, { total = 0 }]) => (name === undefined || kind === name ? sum + Number(total) : sum), 0)
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

/** So many functions in each of the gateways that `putGateways` has put, saved and served in dev. */
export async function putFunctions(database: Database, { count, ownerId }: { count: number; ownerId: string }): Promise<void> {
  const now = new Date()
  const by = { userId: ownerId, name: 'root' }
  const code = 'export default () => ({ ok: true })\n'
  const served = { releaseId: 'put', version: '1.0.0', revision: 1, deploymentId: 'put', sourceHash: 'put', liveMs: 30, at: now, by: by.name }
  const gateways = await database.sys
    .collection<StoredGateway>('apiGateways')
    .find({ gatewayId: /^idle-/ })
    .project<{ gatewayId: string }>({ gatewayId: 1 })
    .toArray()
  for (const { gatewayId } of gateways) {
    const functions = Array.from({ length: count }, (_, index): StoredFunction => {
      const facts = {
        gatewayId,
        ownerId,
        name: `orders/function${String(index).padStart(2, '0')}`,
        revision: 1,
        code,
        sourceHash: served.sourceHash,
        limits: {},
      }
      return { _id: newId(), ...facts, served: { dev: served }, createdAt: now, createdBy: by, updatedAt: now, updatedBy: by }
    })
    await database.sys.collection<StoredFunction>('functions').insertMany(functions, { ordered: false })
  }
}

/** Settles when every engine has looked for something to do a few times. */
async function ticks(database: Database): Promise<void> {
  const enough = (await countCommands(database, 'findAndModify')) + 3 * phaseCollections.length
  await eventually(async () => {
    if ((await countCommands(database, 'findAndModify')) < enough) throw new Error('The engines do not tick.')
  }, 30_000)
}

/** What a backend costs while nothing happens in so many gateways: one tick's claim, its CPU, and queries that had to look at every document. */
export async function measureIdle(database: Database, forMs: number): Promise<{ claimsMs: number[]; coreShare: number; scans: number }> {
  await using given = await givenLifecycle({ hasNoUsers: true })
  await ticks(database)
  const cpu = process.cpuUsage()
  const startedAtMs = performance.now()
  await sleep(forMs)
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
  await ticks(database)
  await database.sys.command({ profile: 0 })
  const ofPhases = phaseCollections.map((name) => `${database.sys.databaseName}.${name}`)
  const scans = await database.sys.collection('system.profile').countDocuments({ ns: { $in: ofPhases }, planSummary: /COLLSCAN/ })
  await database.sys.collection('system.profile').drop()
  return { claimsMs, coreShare, scans }
}
