/** `npm run bench -- cold-start`: what the first call costs: of an isolate, of a function, of an environment that has no worker. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { eventually } from '../runtime/test/support/eventually.ts'
import { givenMongo } from '../runtime/test/support/given-mongo.ts'
import { GivenEnvironment, givenRuntime } from '../runtime/test/support/given-runtime.ts'
import { compile, givenWorker } from '../runtime/test/support/given-worker.ts'
import { percentile, report } from './lib/figures.ts'
import { rssMb } from './lib/process-figures.ts'
import { taxFunction } from './lib/served-tax.ts'
import { taxBody } from './peers/tax.ts'

const idleFunctions = 150
const environmentCount = 24
const functionsEach = 20
/** As long as functions usually are: about 5 KB. */
const helpers = Array.from(
  { length: 24 },
  (_, n) =>
    `export function helper${n}(a: any, b: any) { const o = { id: a, n: b + ${n}, tags: ['x${n}', 'y'] }; if (b > ${n}) return Object.keys(o).map((k) => k + '=' + (o as any)[k]).join('&'); return o }\n`,
)
const source = `${taxFunction}\n${helpers.join('')}`

const timesSchema = z.object({ isolatesMs: z.array(z.number()), functionsMs: z.array(z.number()), contextsMs: z.array(z.number()) })
async function timeIsolates(): Promise<z.infer<typeof timesSchema>> {
  const file = fileURLToPath(new URL('./lib/cold-start-process.ts', import.meta.url))
  const { code } = await compile(source, 'tax')
  const child = spawn(process.execPath, ['--no-node-snapshot', '--disable-warning=ExperimentalWarning', file, code], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk
  return timesSchema.parse(JSON.parse(text))
}

async function memoryPerFunctionMb(): Promise<number> {
  await using worker = await givenWorker({ memoryMb: 512 })
  const { code, sourceMap } = await compile(source, 'tax')
  const serve = async (): Promise<void> => {
    const { index, refusal } = await worker.loadCompiled({ code, sourceMap })
    if (refusal !== undefined) throw new Error(refusal.message)
    await worker.call(index, { body: taxBody, headers: { 'content-type': 'application/json' } })
  }
  for (let n = 0; n < 5; n++) await serve()
  const before = rssMb(worker.process.pid ?? 0)
  for (let n = 0; n < idleFunctions; n++) await serve()
  return (rssMb(worker.process.pid ?? 0) - before) / idleFunctions
}

/** Each environment is called for the first time when a spare waits; its code is read from MongoDB then. */
async function timeFirstRequests(): Promise<number[]> {
  await using mongo = await givenMongo()
  await using runtime = await givenRuntime(mongo)
  const { code } = await compile(source, 'tax')
  const timesMs: number[] = []
  for (let n = 0; n < environmentCount; n++) {
    const environment = new GivenEnvironment(runtime, mongo, mongo.newGatewayId(), 'dev')
    await environment.configure()
    for (let at = 0; at < functionsEach; at++) await environment.publish(`tax${at}`, '', { code })
    await runtime.control.ask({ type: 'assign', assignment: environment.assignment })
    await eventually(() => {
      const count = (type: string): number => runtime.events.filter((event) => event.type === type).length
      if (count('spare-ready') <= count('worker-bound')) throw new Error('No spare waits yet.')
    }, 60_000)
    const startedAtMs = performance.now()
    const response = await environment.fetch('/tax7', { method: 'POST', body: taxBody, headers: { 'content-type': 'application/json' } })
    await response.arrayBuffer()
    timesMs.push(performance.now() - startedAtMs)
    if (response.status !== 200) throw new Error(`The first request was answered ${response.status}.`)
    await runtime.control.ask({ type: 'unassign', gatewayId: environment.gatewayId, environment: 'dev', fence: 2 })
  }
  // The first ones pay for code that the front itself runs for the first time.
  return timesMs.slice(2)
}

const { isolatesMs, functionsMs, contextsMs } = await timeIsolates()
const perFunctionMb = await memoryPerFunctionMb()
const firstRequestsMs = await timeFirstRequests()
process.exitCode = report('cold-start', [
  { figure: 'new isolate and first call, p50', value: percentile(isolatesMs, 0.5), unit: 'ms' },
  { figure: 'new isolate and first call, p95', value: percentile(isolatesMs, 0.95), unit: 'ms', target: { atMost: 5 } },
  { figure: 'new function in a live environment and first call, p50', value: percentile(functionsMs, 0.5), unit: 'ms' },
  { figure: 'new function in a live environment and first call, p95', value: percentile(functionsMs, 0.95), unit: 'ms', target: { atMost: 2 } },
  { figure: 'the same where no context was made ahead, p50', value: percentile(contextsMs, 0.5), unit: 'ms' },
  { figure: 'the same where no context was made ahead, p95', value: percentile(contextsMs, 0.95), unit: 'ms' },
  { figure: 'memory per idle function in a worker', value: perFunctionMb, unit: 'MiB', target: { atMost: 0.5 } },
  { figure: 'first request to an environment without a worker, p50', value: percentile(firstRequestsMs, 0.5), unit: 'ms' },
  { figure: 'first request to an environment without a worker, p95', value: percentile(firstRequestsMs, 0.95), unit: 'ms', target: { atMost: 15 } },
])
