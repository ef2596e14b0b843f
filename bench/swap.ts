/** `npm run bench -- swap`: a thousand publishes while fifty connections call: what they lose (nothing), what they see too late (nothing), how long each takes. */
import { givenMongo } from '../runtime/test/support/given-mongo.ts'
import { givenEnvironment, givenRuntime } from '../runtime/test/support/given-runtime.ts'
import { compile } from '../runtime/test/support/given-worker.ts'
import { percentile, report } from './lib/figures.ts'
import { startSteadyLoad } from './lib/steady-load.ts'

const publishes = 1_000
const connections = 50

await using mongo = await givenMongo()
await using runtime = await givenRuntime(mongo)
const environment = await givenEnvironment(runtime, mongo)
const placeholder = 123_456_789
const { code: template } = await compile(`export default async (req, res) => res.json({ value: ${placeholder}, asked: req.body.asked })`, 'answer')
const codeOf = (value: number): string => template.replace(String(placeholder), String(value))

/** The newest version that was acknowledged, and when: whatever is sent later must be answered by it or a newer one. */
let acknowledged = { value: 0, atMs: Number.POSITIVE_INFINITY }
const publishMs: number[] = []
const publish = async (value: number): Promise<void> => {
  const startedAtMs = performance.now()
  const revision = await environment.publish('answer', '', { code: codeOf(value), version: `1.0.${value}` })
  await runtime.event('acknowledged', (event) => event.revision >= revision)
  publishMs.push(performance.now() - startedAtMs)
  acknowledged = { value, atMs: performance.now() }
}
await environment.publish('answer', '', { code: codeOf(0) })
await publish(1)
publishMs.length = 0

let stale = 0
const url = new URL(environment.url('/answer'))
const load = startSteadyLoad(url, { connections, pauseMs: 5, body: '{"asked":1}', headers: {} }, (status, text, sentAtMs) => {
  if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`
  if (sentAtMs > acknowledged.atMs && (JSON.parse(text) as { value: number }).value < acknowledged.value) stale += 1
  return undefined
})
for (let value = 2; value < publishes + 2; value++) await publish(value)
const { requests, failed, reasons, latenciesMs } = await load.stop()
for (const [reason, count] of reasons) console.error(`${count} requests failed: ${reason}`)

const swapsMs = runtime.events.flatMap((event) => (event.type === 'applied' && event.outcome === 'swapped' ? [event.tookMs] : []))
console.log(`${publishes} publishes beside ${requests} requests`)
process.exitCode = report('swap', [
  { figure: 'failed requests', value: failed, unit: 'requests', target: { atMost: 0 } },
  { figure: 'answers older than the acknowledgement', value: stale, unit: 'requests', target: { atMost: 0 } },
  { figure: 'publish in the runtime: document there -> swapped in, p50', value: percentile(swapsMs, 0.5), unit: 'ms' },
  { figure: 'publish in the runtime: document there -> swapped in, p99', value: percentile(swapsMs, 0.99), unit: 'ms', target: { atMost: 10 } },
  { figure: 'write -> acknowledged, p50', value: percentile(publishMs, 0.5), unit: 'ms' },
  { figure: 'request during the publishes, p99', value: percentile(latenciesMs, 0.99), unit: 'ms' },
])
