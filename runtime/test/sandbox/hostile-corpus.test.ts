import { strict as assert } from 'node:assert'
import { type IncomingHttpHeaders, request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { eventually } from '../support/eventually.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenOutside, givenOutside } from '../support/given-outside.ts'
import { type GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'
import { givenSteadyTraffic, type TrafficReport } from '../support/steady-traffic.ts'
import { answers } from './hostile-cases/answers.ts'
import { escapes } from './hostile-cases/escape.ts'
import { floods } from './hostile-cases/floods.ts'
import type { HostileCase } from './hostile-cases/hostile-case.ts'
import { memory, uncounted } from './hostile-cases/memory.ts'
import { builtins, loops } from './hostile-cases/processor.ts'

const groups: Record<string, HostileCase[]> = {
  loops: loops,
  'built-ins that heed no clock': builtins,
  memory: memory,
  'memory that nobody counts': uncounted,
  'ways out': escapes,
  answers: answers,
  'floods and what is outside': floods,
}
const healthyCode = 'let count = 0\nexport default async () => { await null; return { count: ++count } }'
/** Of what is asked for: at most a second. A busy machine gets room; the figures that are printed tell the truth. */
const stallMsMax = 3_000
/** Where the process itself goes, its own environment waits until the front has noticed and another one has taken over. */
const stallOfLossMsMax = 10_000
const textCharsMax = 65_536
/** What this machine does to healthy callers by itself, for comparison. */
const harmless: HostileCase = { title: 'nothing', code: 'export default () => new Promise((done) => setTimeout(done, 1000, "ok"))', statuses: [200] }

interface Figure {
  title: string
  status: number
  stallMs: number
  neighbourStallMs: number
  lost: number
}

/** The head and the beginning of an answer, of whatever kind; status 0 when it was cut off. */
function ask(url: string, body: string | undefined): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve) => {
    let text = ''
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request(url, { agent: false, method: 'POST', headers }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < textCharsMax) text += chunk
      })
      response.on('error', () => undefined)
      response.on('close', () => resolve({ status: response.complete ? (response.statusCode ?? 0) : 0, headers: response.headers, text }))
    })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
    sent.on('error', () => resolve({ status: 0, headers: {}, text }))
    sent.end(body)
  })
}

/** A server that is no friend either. */
function givenHostileOutside(): Promise<GivenOutside> {
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  const write = (response: NodeJS.WritableStream, piece: () => Buffer | string): void => {
    const more = (): void => {
      while (response.write(piece()));
    }
    response.on('drain', more)
    more()
  }
  return givenOutside({
    '/hang': () => undefined,
    '/take': (_request, response) => response.end('taken'),
    '/endless': (_request, response) => write(response, () => Buffer.alloc(65_536, 'x')),
    '/bomb': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    '/bombs': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(bomb)),
    '/head': (_request, response) => write(response.socket as NodeJS.WritableStream, () => (response.headersSent ? '' : `x-a: ${'a'.repeat(1000)}\r\n`)),
    '/drops': (_request, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    },
    '/round': (_request, response) => response.writeHead(302, { location: '/round' }).end(),
  })
}

describe('the hostile corpus', function () {
  this.timeout(90_000)
  const figures: Figure[] = []
  let stack: AsyncDisposableStack
  let mongo: GivenMongo
  let runtime: GivenRuntime
  let outside: GivenOutside
  /** Where the hostile function runs, beside a healthy one. */
  let home: GivenEnvironment
  let neighbour: GivenEnvironment

  before(async () => {
    stack = new AsyncDisposableStack()
    mongo = stack.use(await givenMongo())
    outside = stack.use(await givenHostileOutside())
    runtime = stack.use(await givenRuntime(mongo, { IMPRUN_RUNTIME_SPARES: '2' }))
    home = await givenEnvironment(runtime, mongo)
    neighbour = await givenEnvironment(runtime, mongo)
    await home.acknowledged(await home.configure({ limits: { memoryMb: 64 }, egress: { allow: [`127.0.0.1:${outside.port}`], deny: [] } }))
    for (const environment of [home, neighbour]) await environment.publishAndWait('healthy', healthyCode)
  })
  after(async () => {
    report(figures)
    await stack.disposeAsync()
  })

  const losses = (): number => runtime.events.filter((event) => event.type === 'worker-lost').length
  const run = async ({ title, code, body, statuses, answer, losesWorker, timeoutMs = 2_000 }: HostileCase): Promise<void> => {
    const { failures } = await home.publishAndWait('hostile', code.replaceAll('{outside}', `http://127.0.0.1:${outside.port}`), { limits: { timeoutMs } })
    assert.deepEqual(failures, [], 'What another one has left behind is no reason to refuse it.')
    const lostBefore = losses()
    const beside = [home, neighbour].map((environment) => givenSteadyTraffic(environment.url('/healthy')))
    const got = await ask(home.url('/hostile'), body)
    // What it left behind (timers, work, a process that is being replaced) goes on for a moment.
    await eventually(async () => assert.equal((await ask(home.url('/healthy'), undefined)).status, 200))
    const [own, other] = (await Promise.all(beside.map((traffic) => traffic.stop()))) as [TrafficReport, TrafficReport]
    const lost = losses() - lostBefore
    figures.push({ title, status: got.status, stallMs: own.stallMs, neighbourStallMs: other.stallMs, lost })
    await home.acknowledged(await home.remove('hostile'))

    assert.ok(statuses.includes(got.status), `${got.status} ${got.text.slice(0, 300)}`)
    if (got.status === 200 && answer) assert.match(got.text, answer)
    assert.equal(got.headers['x-evil'], undefined)
    if (got.status >= 500) assert.match(got.text, /"code":"[A-Z_]+"/)
    if (got.status >= 500) assert.doesNotMatch(got.text, /node:|\/src\/|at .*:\d+:\d+/)
    assert.deepEqual([own.failures, other.failures], [[], []])
    if (!losesWorker) assert.equal(lost, 0, 'The process was lost.')
    assert.ok(own.stallMs < (lost > 0 ? stallOfLossMsMax : stallMsMax), `Its environment stood still for ${own.stallMs} ms.`)
    assert.ok(other.stallMs < stallMsMax, `The other environment stood still for ${other.stallMs} ms.`)
  }

  it('has a function that does nothing to compare with', () => run(harmless))
  for (const [group, cases] of Object.entries(groups)) {
    describe(`of ${cases.length}: ${group}`, () => {
      for (const each of cases) it(`gives its caller a clear answer and harms nobody else: ${each.title}`, () => run(each))
    })
  }
  it('has at least sixty', () => assert.ok(Object.values(groups).flat().length >= 60))
})

function report([nothing, ...figures]: readonly Figure[]): void {
  if (nothing === undefined) return
  const worst = (pick: (figure: Figure) => number, some: readonly Figure[]): number => Math.round(Math.max(0, ...some.map(pick)))
  const lost = figures.filter((figure) => figure.lost > 0)
  const kept = figures.filter((figure) => figure.lost === 0)
  console.log(
    `    ${figures.length} hostile functions. Longest stall of healthy callers (${Math.round(nothing.stallMs)} ms beside nothing): ${worst((figure) => figure.neighbourStallMs, figures)} ms in another environment, ` +
      `${worst((figure) => figure.stallMs, kept)} ms in their own while its process lives, ${worst((figure) => figure.stallMs, lost)} ms where it is lost (${lost.length}).`,
  )
  for (const { title, status, stallMs, neighbourStallMs, lost } of [...figures].sort((a, b) => b.stallMs - a.stallMs).slice(0, 12)) {
    console.log(`      ${Math.round(stallMs)} ms (another: ${Math.round(neighbourStallMs)} ms), ${status}, processes lost ${lost}: ${title}`)
  }
}
