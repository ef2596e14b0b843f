/**
 * `npm run bench -- hot-reload`: how quickly a save is served, and what it costs those who call meanwhile. The floor is measured in the same run, between
 * the publishes, on the same mongod and under the same requests: one bare write until its change event is seen.
 */
import { gatewayDatabaseName } from '@imprun/contracts'
import { givenBackend } from '../backend/test/support/given-backend.ts'
import { callFunction, givenGateway } from '../backend/test/support/given-gateway.ts'
import { givenMongo } from '../backend/test/support/given-mongo.ts'
import { openChangeFloor } from './lib/change-floor.ts'
import { measureCommitToSwap } from './lib/commit-to-swap.ts'
import { measureExtension } from './lib/extension-figures.ts'
import { type Figure, median, percentile, report } from './lib/figures.ts'
import { startSteadyLoad } from './lib/steady-load.ts'

const publishCount = 200
const directPublishCount = 100
const gatewayCount = 7
const gatewayId = 'bench'
const functionName = 'answer'
const answering = (value: number): string => `export default async function answer(req, res) {
  const { income, deductions } = req.body
  return res.json({ value: ${value}, tax: (income - deductions) * 0.22 })
}
`

await using mongo = await givenMongo()
await using backend = await givenBackend({ asProcess: true })
const { api, connection } = backend

const startedMs: number[] = []
for (let index = 0; index < gatewayCount; index++) {
  const startedAtMs = performance.now()
  await givenGateway(backend, index === 0 ? gatewayId : `bench-${index}`)
  startedMs.push(performance.now() - startedAtMs)
}
for (let index = 1; index < gatewayCount; index++) await api.call('deleteGateway', { params: { gatewayId: `bench-${index}` } })

const params = { gatewayId, functionId: functionName }
let { revision: baseRevision } = await api.call('createFunction', { params: { gatewayId }, body: { name: functionName, code: answering(0) } })
/** The newest version whose publish was answered, and when: whatever is sent later must be answered by it or a newer one. */
let acknowledged = { value: -1, atMs: Number.POSITIVE_INFINITY }
const publish = async (value: number): Promise<number> => {
  const startedAtMs = performance.now()
  const saved = await api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(value), baseRevision } })
  const tookMs = performance.now() - startedAtMs
  if (saved.deployment?.status !== 'SUCCESS') throw new Error(`Publish ${value} was not served: ${JSON.stringify(saved.refusal ?? saved.deployment)}`)
  baseRevision = saved.function.revision
  acknowledged = { value, atMs: performance.now() }
  return tookMs
}
for (let value = 0; value < 10; value++) await publish(value)
await callFunction(backend, { gatewayId, environment: 'dev', name: functionName })

await using floor = await openChangeFloor(mongo.database.named('bench_floor'))
for (let index = 0; index < 20; index++) await floor.sampleMs()

const load = startSteadyLoad(
  new URL(`${connection.edgeUrl}/${gatewayId}/dev/${functionName}`),
  { connections: 4, pauseMs: 5, body: '{"income":5000,"deductions":1000}', headers: {} },
  (status, text, sentAtMs) => {
    if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`
    const { value } = JSON.parse(text) as { value: number }
    const { value: wanted, atMs } = acknowledged
    return sentAtMs > atMs && value < wanted ? 'an older version than the acknowledged one' : undefined
  },
)
const floorsMs: number[] = []
const publishesMs: number[] = []
for (let index = 0; index < publishCount; index++) {
  floorsMs.push(await floor.sampleMs())
  publishesMs.push(await publish(10 + index))
}
const swapsMs = await measureCommitToSwap(mongo.database, { gatewayId, environment: 'dev', name: functionName, count: directPublishCount })
const { requests, failed, reasons, latenciesMs } = await load.stop()

const extension = await measureExtension(backend.home)
const floorMs = median(floorsMs)
console.log(`${publishCount} publishes in ${gatewayDatabaseName(gatewayId)} beside ${requests} requests`)
for (const [reason, count] of reasons) console.error(`${count} requests failed: ${reason}`)

const figures: Figure[] = [
  { figure: 'floor: replaceOne (majority) -> change event, p50', value: floorMs, unit: 'ms' },
  { figure: 'publish call -> served, p50', value: median(publishesMs), unit: 'ms' },
  { figure: 'publish call -> served, p99', value: percentile(publishesMs, 0.99), unit: 'ms' },
  { figure: 'publish call -> served, p50 / floor', value: median(publishesMs) / floorMs, unit: 'ratio', target: { atMost: 15 } },
  { figure: 'commit -> swapped in, p50', value: median(swapsMs), unit: 'ms' },
  { figure: 'commit -> swapped in, p50 / floor', value: median(swapsMs) / floorMs, unit: 'ratio', target: { atMost: 4 } },
  { figure: 'requests during the publishes', value: requests, unit: 'requests', target: { atLeast: publishCount } },
  { figure: 'request during the publishes, p99', value: percentile(latenciesMs, 0.99), unit: 'ms' },
  { figure: 'failed requests during the publishes', value: failed, unit: 'requests', target: { atMost: 0 } },
  { figure: 'create gateway -> Started, p50', value: median(startedMs), unit: 'ms', target: { atMost: 3000 } },
  ...extension,
]
process.exitCode = report('hot-reload', figures)
