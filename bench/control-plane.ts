/**
 * `npm run bench -- control-plane [part ...]`: how fast the phase engine moves documents and how little it costs at rest, and, by HTTP against a whole backend,
 * how fast rollbacks, publishes and long lists are. All parts, or those that are named; one that breaks off does not keep the others from running.
 */
import { givenBackend } from '../backend/test/support/given-backend.ts'
import { givenMongo } from '../backend/test/support/given-mongo.ts'
import { givenReleases, measureLists, measurePublishes, measureRollbacks } from './lib/control-http.ts'
import { measureFailingNeighbours } from './lib/failing-neighbours.ts'
import { type Figure, median, percentile, report } from './lib/figures.ts'
import { measureCreation, measureIdle, putGateways } from './lib/many-gateways.ts'
import { measureTransitions } from './lib/transitions.ts'

const made = 1_000
const idle = 10_000

const parts: Record<string, () => Promise<Figure[]>> = {
  async engine() {
    await using mongo = await givenMongo()
    const { perSecond, duplicates, claimsMs } = await measureTransitions(mongo, { documents: 1_000, singles: 150 })
    return [
      { figure: 'transitions with empty steps, two replicas', value: perSecond, unit: 'per s', target: { atLeast: 500 } },
      { figure: 'steps that ran twice', value: duplicates, unit: 'steps', target: { atMost: 0 } },
      { figure: 'commit -> claim, p50', value: median(claimsMs), unit: 'ms', target: { atMost: 20 } },
      { figure: 'commit -> claim, p99', value: percentile(claimsMs, 0.99), unit: 'ms', target: { atMost: 100 } },
    ]
  },
  async neighbours() {
    await using mongo = await givenMongo()
    const ratio = await measureFailingNeighbours(mongo, { failing: 100, healthy: 1_000, rounds: 5 })
    return [{ figure: 'commit -> Started beside 100 that always fail, p99', value: ratio, unit: 'x without them', target: { atMost: 1.1 } }]
  },
  async backend() {
    await using mongo = await givenMongo()
    await using backend = await givenBackend({ asProcess: true })
    const { releaseIds, publish } = await givenReleases(backend, 100)
    const rollbacks = await measureRollbacks(backend, releaseIds, 200)
    const publishes = await measurePublishes(backend, { uri: mongo.uri, publish, count: 500 })
    for (const [reason, count] of publishes.load.reasons) console.error(`${count} requests failed: ${reason}`)
    const lists = await measureLists(backend, mongo.database, { gateways: idle, deployments: 100_000, pages: 60, publish })
    return [
      { figure: 'rollback to any of 100 releases, p50', value: median(rollbacks.tookMs), unit: 'ms', target: { atMost: 300 } },
      { figure: 'rollback to any of 100 releases, p99', value: percentile(rollbacks.tookMs, 0.99), unit: 'ms', target: { atMost: 1_000 } },
      { figure: 'rollbacks answered and not served', value: rollbacks.wrong, unit: 'rollbacks', target: { atMost: 0 } },
      { figure: 'publish beside calls and bulk writes, p50', value: median(publishes.tookMs), unit: 'ms' },
      { figure: 'publish beside calls and bulk writes, p99', value: percentile(publishes.tookMs, 0.99), unit: 'ms', target: { atMost: 1_000 } },
      { figure: 'calls beside the publishes', value: publishes.load.requests, unit: 'requests', target: { atLeast: 200 } },
      { figure: 'failed calls beside the publishes', value: publishes.load.failed, unit: 'requests', target: { atMost: 0 } },
      { figure: `page of ${idle} gateways, p95`, value: percentile(lists.gatewaysMs, 0.95), unit: 'ms', target: { atMost: 50 } },
      { figure: `page of ${idle} gateways by a part of the name, p95`, value: percentile(lists.filteredMs, 0.95), unit: 'ms', target: { atMost: 50 } },
      { figure: 'page of 100000 deployments, p95', value: percentile(lists.deploymentsMs, 0.95), unit: 'ms', target: { atMost: 50 } },
    ]
  },
  async rest() {
    await using mongo = await givenMongo()
    await putGateways(mongo.database, { count: idle, ownerId: 'bench', state: 'active', phase: 'Started' })
    const { claimsMs, coreShare, scans } = await measureIdle(mongo.database, 60_000)
    return [
      { figure: `${idle} idle gateways: claim of a tick, p95`, value: percentile(claimsMs, 0.95), unit: 'ms', target: { atMost: 5 } },
      { figure: `${idle} idle gateways: share of one core`, value: coreShare * 100, unit: '%', target: { atMost: 2 } },
      { figure: `${idle} idle gateways: queries that look at every document`, value: scans, unit: 'queries', target: { atMost: 0 } },
    ]
  },
  // Last, because it leaves a thousand databases, and who came next would have them dropped.
  async creation() {
    const { tookMs, commandsEach } = await measureCreation(made)
    return [
      { figure: `${made} gateways created at once, all Started`, value: tookMs / 1000, unit: 's', target: { atMost: 30 } },
      { figure: 'commands to MongoDB for each of them', value: commandsEach, unit: 'commands' },
    ]
  },
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in parts))
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}. Parts: ${Object.keys(parts).join(', ')}.`)
let exitCode = 0
for (const [name, measure] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue
  try {
    exitCode |= report('control-plane', await measure())
  } catch (error) {
    exitCode = 1
    console.error(`The part ${name} broke off:`, error)
  }
}
process.exitCode = exitCode
