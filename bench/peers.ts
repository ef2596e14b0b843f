/** `npm run bench -- peers`: the same function behind imprun and behind what its users would pick instead, in turns on one machine. */
import { givenMongo } from '../runtime/test/support/given-mongo.ts'
import { type Figure, median, report } from './lib/figures.ts'
import { findLoadGenerator, type LoadTarget } from './lib/load.ts'
import { startPeerServers } from './lib/peer-servers.ts'
import { failedIn, measureRounds, medianRatio } from './lib/rounds.ts'
import { expectAnswer, rawTarget, serveTax, startRaw } from './lib/served-tax.ts'

const rounds = 7
const connections = 50

const load = await findLoadGenerator()
await using stack = new AsyncDisposableStack()
const mongo = stack.use(await givenMongo())
const raw = stack.use(await startRaw())
const peers = await startPeerServers(stack)
const served = stack.use(await serveTax(mongo))
const targets: Record<string, LoadTarget> = {
  'raw node:http': rawTarget(raw),
  ...Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, rawTarget(peer)])),
  imprun: served.target,
}
for (const [name, target] of Object.entries(targets)) if (name !== 'imprun') await expectAnswer(target)

const results = await measureRounds(load, targets, { connections, rounds })
const perSecond = ({ perSecond }: { perSecond: number }): number => perSecond
console.log(`${'server'.padEnd(22)}${'requests/s'.padStart(12)}${'/ raw'.padStart(8)}${'imprun /'.padStart(10)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}`)
for (const name of Object.keys(targets)) {
  const all = results[name] ?? []
  const cells = [
    median(all.map(perSecond)).toFixed(0).padStart(12),
    medianRatio(results, name, 'raw node:http', perSecond).toFixed(2).padStart(8),
    medianRatio(results, 'imprun', name, perSecond).toFixed(2).padStart(10),
    (median(all.map(({ p50Us }) => p50Us)) / 1_000).toFixed(2).padStart(9),
    (median(all.map(({ p99Us }) => p99Us)) / 1_000).toFixed(2).padStart(9),
  ]
  console.log(name.padEnd(22) + cells.join(''))
}

const ratioTo = (name: string, atLeast: number): Figure => ({
  figure: `imprun / ${name}`,
  value: medianRatio(results, 'imprun', name, perSecond),
  unit: 'ratio',
  target: { atLeast },
})
process.exitCode = report('peers', [
  ratioTo('workerd', 2.5),
  ratioTo('express 5 + node:vm', 1.5),
  ratioTo('deno serve', 0.5),
  { figure: 'failed requests', value: Object.keys(targets).reduce((sum, name) => sum + failedIn(results, name), 0), unit: 'requests', target: { atMost: 0 } },
])
