/**
 * `npm run bench -- bell`: how long a publishing write takes until the worker serves it, over each kind of bell, beside 1,000 unrelated commits a second
 * in the same MongoDB: with 50 gateways on change streams, and with 1,000 listeners at the hub.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createBellTokens } from '../backend/src/bell/bell-tokens.ts'
import { createSecrets } from '../backend/src/platform/secrets.ts'
import { type GivenBackend, givenBackend } from '../backend/test/support/given-backend.ts'
import { givenGateway, givenPublished } from '../backend/test/support/given-gateway.ts'
import { type GivenMongo, givenMongo } from '../backend/test/support/given-mongo.ts'
import { startChild } from './lib/child.ts'
import { measureWriteToSwap } from './lib/commit-to-swap.ts'
import { type Figure, percentile, report } from './lib/figures.ts'

const streamsCount = 50
const listenersCount = 1_000
const unrelatedPerSecond = 1_000
/** Gateways that are published to, each with a worker of its own. */
const publishedCount = 5
const publishesEach = 40
const name = 'answer'
const code = 'export default async function answer(req, res) {\n  return res.json({ value: 1 })\n}\n'

async function measure(mongo: GivenMongo, backend: GivenBackend): Promise<number[]> {
  for (let index = 0; index < publishedCount; index++) await givenPublished(backend, `bell-${index}`, name, code)
  await using _writer = await startChild('steady-writer.ts', { uri: mongo.uri, perSecond: unrelatedPerSecond })
  const targets = Array.from({ length: publishedCount }, (_, index) => ({
    gatewayId: `bell-${index}`,
    environment: 'dev' as const,
    name,
    count: publishesEach,
  }))
  const servedMs: number[] = []
  for (const target of targets) servedMs.push(...(await measureWriteToSwap(mongo.database, target)))
  return servedMs
}

async function onStreams(mongo: GivenMongo): Promise<number[]> {
  await using backend = await givenBackend({ asProcess: true, env: { IMPRUN_RUNTIME_BELL: 'mongo-stream' } })
  for (let index = 0; index < streamsCount; index++) await givenGateway(backend, `bell-${index}`)
  return await measure(mongo, backend)
}

async function onHub(mongo: GivenMongo): Promise<number[]> {
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

const kinds = { 'mongo-stream': onStreams, hub: onHub }
const figures: Figure[] = []
for (const [kind, run] of Object.entries(kinds)) {
  await using mongo = await givenMongo()
  const servedMs = await run(mongo)
  const what = kind === 'hub' ? `${listenersCount} listeners on the hub` : `${streamsCount} streams on mongo-stream`
  figures.push({ figure: `publishing write -> served with ${what}, p50`, value: percentile(servedMs, 0.5), unit: 'ms' })
  figures.push({
    figure: `publishing write -> served with ${what}, p99`,
    value: percentile(servedMs, 0.99),
    unit: 'ms',
    target: { atMost: kind === 'hub' ? 50 : 100 },
  })
}
process.exitCode = report('bell', figures)
