/**
 * `npm run bench -- bell`: how long a publishing write takes until the worker serves it, over each kind of bell, beside 100 and then 1,000 unrelated commits a
 * second in the same MongoDB: with 50 gateways on change streams, and with 1,000 listeners at the hub. Told with it: how busy the processors were meanwhile, which
 * everything here shares. After each, the same writes beside the same load once more, when nobody listens any more: what the database takes of it by itself.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createBellTokens } from '../backend/src/bell/bell-tokens.ts'
import { createSecrets } from '../backend/src/platform/secrets.ts'
import { type GivenBackend, givenBackend } from '../backend/test/support/given-backend.ts'
import { givenGateway, givenPublished } from '../backend/test/support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../backend/test/support/given-mongo.ts'
import { startChild } from './lib/child.ts'
import { measureWrites, measureWriteToSwap } from './lib/commit-to-swap.ts'
import { type Figure, percentile, report } from './lib/figures.ts'
import { type ProcessorsUse, watchProcessors } from './lib/processors.ts'

const streamsCount = 50
const listenersCount = 1_000
const fewPerSecond = 100
const unrelatedPerSecond = 1_000
/** Gateways that are published to, each with a worker of its own. */
const publishedCount = 5
const publishesEach = 40
/** Of each gateway, that are not counted: what runs for the first time takes longer everywhere. */
const warmUpsEach = 5
const name = 'answer'
const code = 'export default async function answer(req, res) {\n  return res.json({ value: 1 })\n}\n'

const targets = Array.from({ length: publishedCount }, (_, index) => ({ gatewayId: `bell-${index}`, environment: 'dev' as const, name, count: publishesEach }))

interface Beside {
  tookMs: number[]
  /** Unrelated commits that were made meanwhile, each second; fewer than asked for where the server cannot make so many. */
  perSecond: number
  processors: ProcessorsUse
}
async function besideWrites({ uri, database }: GivenMongo, perSecond: number, measureOne: typeof measureWrites): Promise<Beside> {
  await using _writer = await startChild('steady-writer.ts', { uri, perSecond })
  const countUnrelated = (): Promise<number> => database.named('bench_unrelated').collection('documents').estimatedDocumentCount()
  const before = { count: await countUnrelated(), atMs: performance.now() }
  const processorsUse = await watchProcessors(database)
  const tookMs: number[] = []
  for (const target of targets) tookMs.push(...(await measureOne(database, target)))
  const processors = await processorsUse()
  return { tookMs, perSecond: ((await countUnrelated()) - before.count) / ((performance.now() - before.atMs) / 1_000), processors }
}

interface Measured {
  besideFew: Beside
  besideMany: Beside
}
async function measure(mongo: GivenMongo, backend: GivenBackend): Promise<Measured> {
  for (let index = 0; index < publishedCount; index++) await givenPublished(backend, `bell-${index}`, name, code)
  for (const target of targets) await measureWriteToSwap(mongo.database, { ...target, count: warmUpsEach })
  return {
    besideFew: await besideWrites(mongo, fewPerSecond, measureWriteToSwap),
    besideMany: await besideWrites(mongo, unrelatedPerSecond, measureWriteToSwap),
  }
}

async function onStreams(mongo: GivenMongo): Promise<Measured> {
  await using backend = await givenBackend({ asProcess: true, env: { IMPRUN_RUNTIME_BELL: 'mongo-stream' } })
  for (let index = 0; index < streamsCount; index++) await givenGateway(backend, `bell-${index}`)
  return await measure(mongo, backend)
}

async function onHub(mongo: GivenMongo): Promise<Measured> {
  await using backend = await givenBackend({ asProcess: true, env: { IMPRUN_RUNTIME_BELL: 'hub' } })
  for (let index = 0; index < publishedCount; index++) await givenGateway(backend, `bell-${index}`)
  const tokens = createBellTokens(createSecrets(Buffer.from((await readFile(join(backend.home, 'keys', 'secret.key'), 'utf8')).trim(), 'hex')))
  const listeners = Array.from({ length: listenersCount }, (_, index) => {
    const gatewayId = index < publishedCount ? `bell-${index}` : `elsewhere-${index}`
    return { gatewayId, address: { url: backend.connection.apiUrl, token: tokens.issue(gatewayId) } }
  })
  await using _listeners = await startChild('bell-listeners.ts', { uri: mongo.uri, listeners })
  return await measure(mongo, backend)
}

const kinds = {
  'mongo-stream': { run: onStreams, what: `${streamsCount} streams on mongo-stream`, p99MsMax: 100 },
  hub: { run: onHub, what: `${listenersCount} listeners on the hub`, p99MsMax: 50 },
}
const figures: Figure[] = []
for (const { run, what, p99MsMax } of Object.values(kinds)) {
  await using mongo = await givenMongo()
  const served = `publishing write -> served with ${what}`
  const { besideFew, besideMany } = await run(mongo)
  const alone = await besideWrites(mongo, unrelatedPerSecond, measureWrites)
  figures.push({ figure: `${served}, beside ${fewPerSecond} a second, p50`, value: percentile(besideFew.tookMs, 0.5), unit: 'ms' })
  figures.push({ figure: `${served}, beside ${fewPerSecond} a second, p99`, value: percentile(besideFew.tookMs, 0.99), unit: 'ms' })
  figures.push({ figure: `${served}, p50`, value: percentile(besideMany.tookMs, 0.5), unit: 'ms' })
  figures.push({ figure: `${served}, p99`, value: percentile(besideMany.tookMs, 0.99), unit: 'ms', target: { atMost: p99MsMax } })
  figures.push({ figure: 'unrelated commits meanwhile', value: besideMany.perSecond, unit: '1/s', target: { atLeast: unrelatedPerSecond * 0.95 } })
  figures.push({ figure: `processors busy meanwhile, of ${availableParallelism() * 100}`, value: besideMany.processors.allPercent, unit: '%' })
  figures.push({ figure: 'of it MongoDB', value: besideMany.processors.mongodPercent, unit: '%' })
  figures.push({ figure: 'the same write alone, where nobody listens, p50', value: percentile(alone.tookMs, 0.5), unit: 'ms' })
  figures.push({ figure: 'the same write alone, where nobody listens, p99', value: percentile(alone.tookMs, 0.99), unit: 'ms' })
}
process.exitCode = report('bell', figures)
