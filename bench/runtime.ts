/**
 * `npm run bench -- runtime`: what the way through the runtime costs. The yardstick, a process that has node:http call the same function and nothing else, is
 * measured in turns with it; the way through the runtime may use two processes where the yardstick has one.
 */
import { givenMongo, givenOwnMongo } from '../runtime/test/support/given-mongo.ts'
import { type Figure, median, report } from './lib/figures.ts'
import { findLoadGenerator } from './lib/load.ts'
import { givenManyEnvironments } from './lib/many-environments.ts'
import { failedIn, measureRounds, medianDifference, medianRatio, type Rounds } from './lib/rounds.ts'
import { callOnce, expectAnswer, rawTarget, serveTax, startRaw, startRawInTwo } from './lib/served-tax.ts'
import { measureLosses } from './lib/worker-losses.ts'

const rounds = 7
const kills = 5
const hangs = 2
const idleGateways = 1_000
const activeEnvironments = 30
/** V8 squares for minutes, and no time limit stops it. */
const hanging = 'export default async () => { let x = 3n; for (;;) x = x * x }'
const perSecond = ({ perSecond }: { perSecond: number }): number => perSecond
const kib = 1024
const mib = 1024 * kib

const load = await findLoadGenerator()
await using mongo = await givenMongo()
await using raw = await startRaw()
await using rawInTwo = await startRawInTwo()
await using served = await serveTax(mongo, { IMPRUN_LOG_LEVEL: 'debug' })
const order = { raw: rawTarget(raw), imprun: served.target }
await expectAnswer(order.raw)

/** The same way in a front that has thousands of environments, in turns with the one that has one: the machine is another one minutes later. */
async function measureCrowd(): Promise<Figure[]> {
  await using manyMongo = await givenOwnMongo()
  await using many = await givenManyEnvironments(manyMongo)
  const [first, ...others] = await many.activate(activeEnvironments)
  if (first === undefined) throw new Error('No environment was activated.')
  const before = await many.memory()
  await many.assign(idleGateways)
  const after = await many.memory()
  const beside = setInterval(() => {
    for (const target of others) void callOnce(target)
  }, 1_000)
  const results = await measureRounds(load, { one: served.target, many: first }, { connections: 50, rounds }).finally(() => clearInterval(beside))
  const perEnvironmentKib = (after.heapBytes - before.heapBytes) / (idleGateways * 3) / kib
  return [
    { figure: 'memory per assigned environment without a worker', value: perEnvironmentKib, unit: 'KiB', target: { atMost: 5 } },
    { figure: 'front with 3,000 environments: RSS', value: (await many.memory()).rssBytes / mib, unit: 'MiB', target: { atMost: 200 } },
    { figure: 'requests with 3,000 environments / with one', value: medianRatio(results, 'many', 'one', perSecond), unit: 'ratio', target: { atLeast: 0.9 } },
  ]
}

const figures: Figure[] = []
let failed = 0
const ratioOf = (results: Rounds): number => medianRatio(results, 'imprun', 'raw', perSecond)
for (const [connections, atLeast] of [
  [50, 0.8],
  [128, 0.95],
] as const) {
  const results = await measureRounds(load, order, { connections, rounds })
  failed += failedIn(results, 'imprun')
  const p99 = medianRatio(results, 'imprun', 'raw', ({ p99Us }) => p99Us)
  figures.push({ figure: `runtime / raw node:http, ${connections} connections`, value: ratioOf(results), unit: 'ratio', target: { atLeast } })
  figures.push({ figure: `p99 / raw node:http, ${connections} connections`, value: p99, unit: 'ratio', target: { atMost: 3 } })
}
const inTwo = rawTarget(rawInTwo)
await expectAnswer(inTwo)
const alone = await measureRounds(load, { ...order, inTwo }, { connections: 1, rounds })
const addedUs = (name: string): number => medianDifference(alone, name, 'raw', ({ p50Us }) => p50Us)
figures.push({ figure: 'added p50 over raw node:http, 1 connection', value: addedUs('imprun'), unit: 'us', target: { atMost: 90 } })
// What the machine takes to wake a second process and to be woken by it, which is the price of keeping functions apart.
figures.push({ figure: 'the same of raw node:http with the function in a second process', value: addedUs('inTwo'), unit: 'us' })
figures.push({ figure: 'failed requests', value: failed, unit: 'requests', target: { atMost: 0 } })

figures.push(...(await measureCrowd()))

// First the hangs: a function whose worker is killed runs apart from the others afterwards.
const hung = await measureLosses(served, hangs, async () => {
  // Another version each time: one that hung is kept apart from then on.
  await served.environment.publishAndWait('hanging', hanging)
  await fetch(served.environment.url('/hanging'), { headers: served.target.headers })
})
figures.push({ figure: 'worker hung under 50 connections: failed healthy', value: hung.failed, unit: 'requests', target: { atMost: 0 } })
figures.push({ figure: 'worker hung under 50 connections: longest stall', value: Math.max(...hung.gapsMs), unit: 'ms', target: { atMost: 1_000 } })
const killed = await measureLosses(served, kills, async () => {
  const bound = served.runtime.events.findLast((event) => event.type === 'worker-bound')
  if (bound !== undefined) process.kill(bound.pid, 'SIGKILL')
})
figures.push({ figure: 'worker killed under 50 connections: failed', value: killed.failed, unit: 'requests', target: { atMost: 0 } })
figures.push({ figure: 'worker killed under 50 connections: until served', value: median(killed.gapsMs), unit: 'ms', target: { atMost: 50 } })

process.exitCode = report('runtime', figures)
