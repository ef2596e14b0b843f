/**
 * `npm run bench -- runtime`: what the way through the runtime costs. The yardstick, a process that has node:http call the same function and nothing else, is
 * measured in turns with it; the way through the runtime may use two processes where the yardstick has one.
 */
import { givenMongo } from '../runtime/test/support/given-mongo.ts'
import { type Figure, report } from './lib/figures.ts'
import { findLoadGenerator } from './lib/load.ts'
import { failedIn, measureRounds, medianDifference, medianRatio } from './lib/rounds.ts'
import { expectAnswer, rawTarget, serveTax, startRaw } from './lib/served-tax.ts'

const rounds = 7

const load = await findLoadGenerator()
await using mongo = await givenMongo()
await using raw = await startRaw()
await using served = await serveTax(mongo)
const order = { raw: rawTarget(raw), imprun: served.target }
await expectAnswer(order.raw)

const figures: Figure[] = []
let failed = 0
for (const [connections, atLeast] of [
  [50, 0.8],
  [128, 0.95],
] as const) {
  const results = await measureRounds(load, order, { connections, rounds })
  failed += failedIn(results, 'imprun')
  figures.push(
    {
      figure: `runtime / raw node:http, ${connections} connections`,
      value: medianRatio(results, 'imprun', 'raw', ({ perSecond }) => perSecond),
      unit: 'ratio',
      target: { atLeast },
    },
    {
      figure: `p99 / raw node:http, ${connections} connections`,
      value: medianRatio(results, 'imprun', 'raw', ({ p99Us }) => p99Us),
      unit: 'ratio',
      target: { atMost: 3 },
    },
  )
}
const alone = await measureRounds(load, order, { connections: 1, rounds })
figures.push({
  figure: 'added p50 over raw node:http, 1 connection',
  value: medianDifference(alone, 'imprun', 'raw', ({ p50Us }) => p50Us),
  unit: 'us',
  target: { atMost: 90 },
})
figures.push({ figure: 'failed requests', value: failed, unit: 'requests', target: { atMost: 0 } })
process.exitCode = report('runtime', figures)
