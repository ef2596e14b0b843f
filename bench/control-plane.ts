/**
 * `npm run bench -- control-plane`: how fast the phase engine moves documents and how little it costs at rest, and, by HTTP against a whole backend, how fast
 * rollbacks, publishes and long lists are.
 */
import { givenBackend } from '../backend/test/support/given-backend.ts'
import { givenMongo } from '../backend/test/support/given-mongo.ts'
import { givenReleases, measureLists, measurePublishes, measureRollbacks } from './lib/control-http.ts'
import { median, percentile, report } from './lib/figures.ts'
import { measureCreation, measureIdle, putGateways } from './lib/many-gateways.ts'
import { measureTransitions } from './lib/transitions.ts'

const made = 1_000
const idle = 10_000

async function measureEngine() {
  await using mongo = await givenMongo()
  return await measureTransitions(mongo, { documents: 1_000, singles: 150 })
}

async function measureBackend() {
  await using mongo = await givenMongo()
  await using backend = await givenBackend({ asProcess: true })
  const { releaseIds, publish } = await givenReleases(backend, 100)
  const rollbacks = await measureRollbacks(backend, releaseIds, 100)
  console.log('rollbacks are measured')
  const publishes = await measurePublishes(backend, { uri: mongo.uri, publish, count: 200 })
  console.log('publishes are measured')
  const lists = await measureLists(backend, mongo.database, { gateways: idle, deployments: 100_000, pages: 60 })
  return { rollbacks, publishes, lists }
}

async function measureRest() {
  await using mongo = await givenMongo()
  await putGateways(mongo.database, { count: idle, ownerId: 'bench', state: 'active', phase: 'Started' })
  return await measureIdle(mongo.database, 20_000)
}

const engine = await measureEngine()
console.log('transitions are measured')
const createdMs = await measureCreation(made)
console.log('creation is measured')
const { rollbacks, publishes, lists } = await measureBackend()
console.log('lists are measured')
const rest = await measureRest()
for (const [reason, count] of publishes.load.reasons) console.error(`${count} requests failed: ${reason}`)

process.exitCode = report('control-plane', [
  { figure: 'transitions with empty steps, two replicas', value: engine.perSecond, unit: 'per s', target: { atLeast: 500 } },
  { figure: 'steps that ran twice', value: engine.duplicates, unit: 'steps', target: { atMost: 0 } },
  { figure: 'commit -> claim, p50', value: median(engine.claimsMs), unit: 'ms', target: { atMost: 20 } },
  { figure: 'commit -> claim, p99', value: percentile(engine.claimsMs, 0.99), unit: 'ms', target: { atMost: 100 } },
  { figure: `${made} gateways created at once, all Started`, value: createdMs / 1000, unit: 's', target: { atMost: 30 } },
  { figure: `${idle} idle gateways: claim of a tick, p95`, value: percentile(rest.claimsMs, 0.95), unit: 'ms', target: { atMost: 5 } },
  { figure: `${idle} idle gateways: share of one core`, value: rest.coreShare * 100, unit: '%', target: { atMost: 2 } },
  { figure: `${idle} idle gateways: queries that look at every document`, value: rest.scans, unit: 'queries', target: { atMost: 0 } },
  { figure: 'rollback to any of 100 releases, p50', value: median(rollbacks.tookMs), unit: 'ms', target: { atMost: 300 } },
  { figure: 'rollbacks answered and not served', value: rollbacks.wrong, unit: 'rollbacks', target: { atMost: 0 } },
  { figure: `page of ${idle} gateways, p95`, value: percentile(lists.gatewaysMs, 0.95), unit: 'ms', target: { atMost: 50 } },
  { figure: `page of ${idle} gateways by a part of the name, p95`, value: percentile(lists.filteredMs, 0.95), unit: 'ms', target: { atMost: 50 } },
  { figure: 'page of 100000 deployments, p95', value: percentile(lists.deploymentsMs, 0.95), unit: 'ms', target: { atMost: 50 } },
  { figure: 'publish beside calls and bulk writes, p50', value: median(publishes.tookMs), unit: 'ms' },
  { figure: 'publish beside calls and bulk writes, p99', value: percentile(publishes.tookMs, 0.99), unit: 'ms', target: { atMost: 1_000 } },
  { figure: 'calls beside the publishes', value: publishes.load.requests, unit: 'requests', target: { atLeast: 200 } },
  { figure: 'failed calls beside the publishes', value: publishes.load.failed, unit: 'requests', target: { atMost: 0 } },
])
