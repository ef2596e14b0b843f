/**
 * `npm run bench -- db`: what `imp.db()` adds to the driver. A function in a real worker and the bare driver in this process ask the same mongod for the same
 * documents by their _id, in turns; what one call costs more is the difference of the two in each round. The processor's time is told beside the clock's:
 * with calls in flight the clock could hide in the time that mongod needs.
 *
 * Both sides run the same loop of the same `findOne`, over a pool of the same size, with the same number of lanes, each of which awaits its own result, and
 * both end with the document as objects (the driver decodes for the bare loop; for the function it hands on bytes that are decoded inside). The worker tells
 * the server a time limit as well, which the bare driver does not: that belongs to what `imp.db()` adds. The lanes are those of one request, so results that
 * come together enter its function together; the first 16 operations of a request remember their place in the author's code, some 4 us each more.
 * A `findOne` with nothing but a filter goes to the server as a bare command, without the cursor that the driver makes for it: part of what is added is
 * taken back by that, and operations with options do not have it.
 */
import { type Collection, MongoClient } from 'mongodb'
import { givenMongo } from '../runtime/test/support/given-mongo.ts'
import { givenWorker } from '../runtime/test/support/given-worker.ts'
import { measureDecoding } from './lib/decode-cost.ts'
import { type Figure, median, report } from './lib/figures.ts'
import { cpuSeconds } from './lib/process-figures.ts'

const rounds = 21
const documentCount = 1000
const documents = Array.from({ length: documentCount }, (_, n) => ({ _id: n as never, name: `user number ${n}`, age: n % 50, tags: ['a', 'b'] }))

interface Cost {
  wallUs: number
  cpuUs: number
}

async function measure(pid: number, calls: number, run: () => Promise<unknown>): Promise<Cost> {
  const cpuBefore = cpuSeconds(pid)
  const startedAtMs = performance.now()
  await run()
  return { wallUs: ((performance.now() - startedAtMs) * 1000) / calls, cpuUs: ((cpuSeconds(pid) - cpuBefore) * 1e6) / calls }
}

/** The same loop as in the function. */
async function callDriver(items: Collection, inFlight: number, each: number): Promise<void> {
  await Promise.all(
    Array.from({ length: inFlight }, async (_, lane) => {
      for (let n = 0; n < each; n++) if ((await items.findOne({ _id: ((lane * 31 + n) % documentCount) as never })) === null) throw new Error('Not found.')
    }),
  )
}
const source = `export default async (req) => {
  const items = imp.db().collection('items')
  const { inFlight, each } = req.body
  await Promise.all(Array.from({ length: inFlight }, async (_, lane) => {
    for (let n = 0; n < each; n++) if ((await items.findOne({ _id: (lane * 31 + n) % ${documentCount} })) === null) throw new Error('Not found.')
  }))
  return {}
}`

await using mongo = await givenMongo()
const dataDatabase = `gatewayid_${mongo.newGatewayId()}_dev`
await mongo.client.db(dataDatabase).collection('items').insertMany(documents)
// With the worker's own bound on connections.
await using driver = new MongoClient(mongo.uri, { maxPoolSize: 20 })
const items = driver.db(dataDatabase).collection('items')
await using worker = await givenWorker({ dataUri: mongo.uri, dataDatabase, memoryMb: 256 })
const call = await worker.given(source, { timeoutMs: 60_000 })
const workerPid = worker.process.pid as number

async function measureAdded(inFlight: number, each: number): Promise<{ bare: Cost[]; added: Cost[] }> {
  const body = JSON.stringify({ inFlight, each })
  const bare: Cost[] = []
  const added: Cost[] = []
  for (let round = -3; round < rounds; round++) {
    const calls = inFlight * each
    const ours = await measure(workerPid, calls, () => call({ body, headers: { 'content-type': 'application/json' } }))
    const theirs = await measure(process.pid, calls, () => callDriver(items, inFlight, each))
    if (round < 0) continue
    bare.push(theirs)
    added.push({ wallUs: ours.wallUs - theirs.wallUs, cpuUs: ours.cpuUs - theirs.cpuUs })
  }
  return { bare, added }
}

const figures: Figure[] = []
for (const [inFlight, each] of [
  [50, 100],
  [1, 1500],
] as const) {
  const { bare, added } = await measureAdded(inFlight, each)
  const target = inFlight === 50 ? { target: { atMost: 8 } } : {}
  figures.push({ figure: `bare driver, ${inFlight} in flight, per call`, value: median(bare.map(({ wallUs }) => wallUs)), unit: 'us' })
  figures.push({ figure: `imp.db() adds, ${inFlight} in flight, per call`, value: median(added.map(({ wallUs }) => wallUs)), unit: 'us', ...target })
  figures.push({ figure: `imp.db() adds, ${inFlight} in flight, processor time`, value: median(added.map(({ cpuUs }) => cpuUs)), unit: 'us' })
}
for (const count of [1, 100, 1000]) {
  const { driverUs, functionUs, ratio, bridgeUs } = await measureDecoding(count)
  const target = count === 100 ? { target: { atMost: 1.5 } } : {}
  if (count === 1) figures.push({ figure: 'asking and an empty answer, without MongoDB', value: bridgeUs, unit: 'us' })
  figures.push({ figure: `the driver decodes ${count} documents`, value: driverUs, unit: 'us' })
  figures.push({ figure: `a function is given ${count} documents`, value: functionUs, unit: 'us' })
  figures.push({ figure: `decoding ${count} documents / the driver's own`, value: ratio, unit: 'ratio', ...target })
}
process.exitCode = report('db', figures)
