import { BSON, ObjectId } from 'mongodb'
import { hostCalls, resumeCodes } from '../../runtime/src/sandbox/bridge.ts'
import { joinToPayload } from '../../runtime/src/worker/data/payload.ts'
import { loadInto } from '../../runtime/src/worker/load-function.ts'
import type { Engine } from '../../runtime/src/worker/sandbox/engine.ts'
import { readGuestBundle } from '../../runtime/src/worker/sandbox/guest-bundle.ts'
import { createIsolatedVmEngine } from '../../runtime/src/worker/sandbox/isolated-vm-engine.ts'
import { prepareV8 } from '../../runtime/src/worker/sandbox/v8-flags.ts'
import { createStackMapper } from '../../runtime/src/worker/stack-mapper.ts'
import { compile } from '../../runtime/test/support/given-worker.ts'
import { median } from './figures.ts'

export interface DecodeCost {
  /** The driver's own: `BSON.deserialize` of each document, in this process. */
  driverUs: number
  /** From the bytes that MongoDB sent to objects inside the sandbox, the way across its wall with them. */
  functionUs: number
  /** Median of the rounds' own ratios. */
  ratio: number
  /** One whole operation whose result is empty and comes at once: what asking and being answered costs. */
  bridgeUs: number
}

const rounds = 15
/** Enough to outlast the clock's grain, and no more than a bench has time for. */
const documentsPerRound = 30_000
const operationsMax = 300
const entryTimeoutMs = 10_000

/** About 400 bytes, with the types that documents of applications have. */
const documentOf = (n: number) => ({
  _id: new ObjectId(),
  name: `user number ${n}`,
  email: `user${n}@example.com`,
  age: 20 + (n % 50),
  createdAt: new Date(1_700_000_000_000 + n * 1e6),
  tags: ['alpha', 'beta', 'gamma'],
  address: { street: `${n} Long Street`, city: 'Springfield', zip: '12345', geo: { lat: 12.5 + n / 7, lng: 99.25 } },
  ratio: n / 3,
  active: n % 2 === 0,
  bio: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.',
})

/** No MongoDB: the same bytes are handed to both sides, again and again, in turns. */
export async function measureDecoding(count: number): Promise<DecodeCost> {
  const documents = Array.from({ length: count }, (_, n) => BSON.serialize(documentOf(n)))
  const operations = Math.min(operationsMax, Math.ceil(documentsPerRound / count))
  const readIn = await openFunction(operations)
  const samples = { driver: [] as number[], full: [] as number[], empty: [] as number[], ratio: [] as number[] }
  for (let round = -3; round < rounds; round++) {
    const driver = measureDriver(documents, operations)
    const empty = await readIn([])
    const full = await readIn(documents)
    if (round < 0) continue
    samples.driver.push(driver)
    samples.empty.push(empty)
    samples.full.push(full)
    samples.ratio.push((full - empty) / driver)
  }
  return {
    driverUs: median(samples.driver),
    functionUs: median(samples.full.map((full, round) => full - (samples.empty[round] ?? Number.NaN))),
    ratio: median(samples.ratio),
    bridgeUs: median(samples.empty),
  }
}

function measureDriver(documents: readonly Uint8Array[], operations: number): number {
  const startedAtMs = performance.now()
  for (let operation = 0; operation < operations; operation++) for (const document of documents) BSON.deserialize(document)
  return ((performance.now() - startedAtMs) * 1000) / operations
}

const sourceOf = (operations: number): string => `export default async (req) => {
  const items = imp.db().collection('items')
  let read = 0
  for (let n = 0; n < ${operations}; n++) read += (await items.find({ n }).toArray()).length
  return { read }
}`

/** One for all that is measured: a process makes one snapshot, see `trustOwnSnapshot`. Made on use, so that what is measured before runs without its flags. */
let engine: Promise<Engine> | undefined
async function makeEngine(): Promise<Engine> {
  prepareV8()
  return createIsolatedVmEngine(await readGuestBundle())
}

/** A function in a real sandbox whose every question to the database is answered with the same bytes. @returns microseconds per operation */
async function openFunction(operations: number): Promise<(documents: readonly Uint8Array[]) => Promise<number>> {
  engine ??= makeEngine()
  const context = (await engine).createIsolate(256).createContext()
  let documents: readonly Uint8Array[] = []
  let onAnswer = (_text: string): void => undefined
  context.host = (code, ...values) => {
    if (code === hostCalls.answer) onAnswer(String(values[1]))
    // What a driver's cursor hands over is put together here as the worker does, and enters the sandbox as the worker's would.
    else if (code === hostCalls.data) setImmediate(() => context.resume(resumeCodes.dataDone, Number(values[0]), joinToPayload(documents), entryTimeoutMs))
    return undefined
  }
  const { code, sourceMap } = await compile(sourceOf(operations), 'read')
  const message = { index: 0, name: 'read', version: '1.0.0', revision: 1, code, sourceMap, timeoutMs: 60_000 }
  const facts = { gatewayId: 'bench', environment: 'dev', functionName: 'read', version: '1.0.0', isMiddleware: false }
  const refusal = loadInto(context, message, facts, createStackMapper('function:read', sourceMap))
  if (refusal !== undefined) throw new Error(refusal.message)
  return async (next) => {
    documents = next
    const startedAtMs = performance.now()
    const text = await new Promise<string>((resolve) => {
      onAnswer = resolve
      context.run(1, 'POST\n/read\n1\n127.0.0.1\n\n', '', entryTimeoutMs)
    })
    const tookUs = ((performance.now() - startedAtMs) * 1000) / operations
    if (!text.includes(`"read":${next.length * operations}`)) throw new Error(`The function read something else: ${text.slice(-200)}`)
    return tookUs
  }
}
