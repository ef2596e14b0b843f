import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import path from 'node:path'
import { build } from 'esbuild'
import {
  answerKindMax,
  type BindMessage,
  type ConfigureMessage,
  createFrameReceiver,
  createFrameSender,
  type FailedMessage,
  type LoadMessage,
  type LogMessage,
  type RefusedMessage,
  toFront,
  toWorker,
} from '../../src/frames/frames.ts'

const mainFile = path.resolve(import.meta.dirname, '../../src/worker/main.ts')
/** Of an environment whose owner has changed nothing. */
export const configurationDefault: ConfigureMessage = {
  variables: {},
  egress: { allow: [], deny: [] },
  limits: { timeoutMs: 30_000, responseBytesMax: 32 * 1024 * 1024 },
}

const answerWithinMs = 15_000
const leaveWithinMs = 1_000

export interface Answer {
  status: number
  headers: Record<string, string | string[]>
  text: string
  bytes: Buffer
  /** For a streamed answer, its pieces. */
  chunks: string[]
  crossed: boolean
}
export interface CallOptions {
  method?: string
  url?: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
  credentialId?: string
  application?: string
  ip?: string
}
export class CallFailed extends Error {
  readonly failure: FailedMessage
  readonly crossed: boolean
  constructor(failure: FailedMessage, crossed: boolean) {
    super(`${failure.code}: ${failure.message}`)
    this.failure = failure
    this.crossed = crossed
  }
}

interface Waiting {
  fail(error: Error): void
  settle(kind: number, body: Buffer, meta: string): void
  isCrossed: boolean
}

/**
 * A real worker process that this test speaks frames with, in the front's place.
 * @param main its program and the arguments of that
 */
export async function givenWorker(bind: Partial<BindMessage> = {}, stderr: 'inherit' | 'ignore' = 'inherit', main: readonly string[] = [mainFile]) {
  const started = startProcess(stderr, main)
  const worker = new WorkerUnderTest(started)
  try {
    await worker.ready
    const place = { gatewayId: 'shop', environment: 'dev', dataUri: 'mongodb://127.0.0.1:1', dataDatabase: 'none', memoryMb: 64 }
    await worker.bind({ ...place, configuration: configurationDefault, ...bind })
  } catch (error) {
    await worker[Symbol.asyncDispose]()
    throw error
  }
  return worker
}

function startProcess(stderr: 'inherit' | 'ignore', main: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--no-node-snapshot', '--disable-warning=ExperimentalWarning', ...main], {
    env: {},
    stdio: ['ignore', 'inherit', stderr, 'pipe'],
  })
}

export class WorkerUnderTest {
  readonly process: ChildProcess
  readonly logs: LogMessage[] = []
  readonly ready: Promise<void>
  readonly #socket: Socket
  readonly #send: ReturnType<typeof createFrameSender>['send']
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #functions = 0

  constructor(child: ChildProcess) {
    this.process = child
    this.#socket = child.stdio[3] as unknown as Socket
    this.#send = createFrameSender(this.#socket).send
    this.ready = new Promise((resolve, reject) => {
      this.#waiting.set(0, { isCrossed: false, settle: () => resolve(), fail: reject })
    })
    child.once('exit', () => {
      for (const waiting of this.#waiting.values()) waiting.fail(new Error('The worker ended.'))
      this.#waiting.clear()
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on(
      'data',
      createFrameReceiver((id, kind, buffer, metaAt, bodyAt, end) => {
        const body = Buffer.from(buffer.subarray(bodyAt, end))
        if (kind === toFront.log) this.logs.push(JSON.parse(body.toString()))
        else if (kind === toFront.crossed) {
          const waiting = this.#waiting.get(id)
          if (waiting) waiting.isCrossed = true
        } else this.#waiting.get(id)?.settle(kind, body, buffer.toString('latin1', metaAt, bodyAt))
      }),
    )
  }

  async bind(message: BindMessage): Promise<void> {
    const outcome = await this.#request(toWorker.bind, JSON.stringify(message))
    assert.equal(outcome, undefined)
  }
  async configure(message: Partial<ConfigureMessage>): Promise<void> {
    assert.equal(await this.#request(toWorker.configure, JSON.stringify({ ...configurationDefault, ...message })), undefined)
  }
  /** @returns the index to call, or the worker's refusal */
  async load(source: string, more: Partial<LoadMessage> = {}): Promise<{ index: number; refusal?: RefusedMessage }> {
    const name = more.name ?? `fn${this.#functions}`
    return this.loadCompiled({ name, ...(await compile(source, name)), ...more })
  }
  async loadCompiled(more: Partial<LoadMessage>): Promise<{ index: number; refusal?: RefusedMessage }> {
    const index = more.index ?? this.#functions++
    const message = { index, name: `fn${index}`, version: '1.0.0', revision: 1, code: '', sourceMap: '', timeoutMs: 5000, ...more }
    const refusal = await this.#request(toWorker.load, JSON.stringify(message))
    return refusal ? { index, refusal } : { index }
  }
  /** Loads code that must load. @returns a caller of it */
  async given(source: string, more: Partial<LoadMessage> = {}): Promise<(options?: CallOptions) => Promise<Answer>> {
    const { index, refusal } = await this.load(source, more)
    assert.equal(refusal, undefined)
    return (options) => this.call(index, options)
  }
  /** @param body of an async handler with `req` and `res` */
  async answerOf(body: string, options: CallOptions = {}): Promise<Answer> {
    return (await this.given(`export default async (req, res) => {\n${body}\n}`))(options)
  }
  /** The same, of one whose call fails. */
  async failureOf(body: string): Promise<FailedMessage> {
    const error = await this.answerOf(body).then(
      (answer) => assert.fail(`It answered ${answer.status} ${answer.text}`),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof CallFailed, String(error))
    return error.failure
  }
  call(index: number, options: CallOptions = {}): Promise<Answer> {
    return this.begin(index, options).answer
  }
  /** A call whose frames a test sends itself: abort, pause, resume. */
  begin(index: number, { method = 'POST', url = '/fn', headers = {}, body = '', credentialId = '', application = '', ip = '127.0.0.1' }: CallOptions = {}) {
    const id = ++this.#lastId
    const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((each) => [name, each]))
    const meta = [method, url, `request-${id}`, ip, credentialId, encodeURIComponent(application), ...lines].join('\n')
    const chunks: string[] = []
    const answer = this.#expect<Answer>(id, (kind, bytes, head, waiting, resolve, reject) => {
      if (kind <= answerKindMax) resolve(toAnswer(bytes.toString('latin1', 0, kind), bytes.subarray(kind + 2), [], waiting))
      else if (kind === toFront.answerBytes) resolve(toAnswer(head, bytes, [], waiting))
      else if (kind === toFront.answerStart) chunks.push(head)
      else if (kind === toFront.answerChunk) chunks.push(bytes.toString())
      else if (kind === toFront.answerEnd) resolve(toAnswer(chunks[0] ?? '', Buffer.from(chunks.slice(1).join('')), chunks.slice(1), waiting))
      else if (kind === toFront.failed) reject(new CallFailed(JSON.parse(bytes.toString()), waiting.isCrossed))
      return kind === toFront.answerStart || kind === toFront.answerChunk
    })
    this.#send(id, index, meta, Buffer.from(body), 'latin1')
    return { id, answer, chunks }
  }
  tell(id: number, kind: number, body: unknown = undefined): void {
    this.#send(id, kind, '', body === undefined ? '' : JSON.stringify(body), 'utf8')
  }
  async ping(): Promise<void> {
    await this.#request(toWorker.ping, '')
  }
  async logged(isWanted: (entry: LogMessage) => boolean): Promise<LogMessage> {
    const endsAt = Date.now() + answerWithinMs
    for (;;) {
      const found = this.logs.find(isWanted)
      if (found) return found
      if (Date.now() > endsAt) throw new Error(`No such log line. There are: ${JSON.stringify(this.logs)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  async exited(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    // As the front would: a worker that hangs does not notice that its socket has closed.
    const kill = setTimeout(() => this.process.kill('SIGKILL'), leaveWithinMs)
    await this.exited()
    clearTimeout(kill)
  }

  #request(kind: number, body: string): Promise<RefusedMessage | undefined> {
    const id = ++this.#lastId
    const outcome = this.#expect<RefusedMessage | undefined>(id, (answerKind, bytes, _meta, _waiting, resolve) => {
      resolve(answerKind === toFront.refused ? JSON.parse(bytes.toString()) : undefined)
      return false
    })
    this.#send(id, kind, '', body, 'utf8')
    return outcome
  }
  #expect<T>(
    id: number,
    onFrame: (kind: number, body: Buffer, meta: string, waiting: Waiting, resolve: (value: T) => void, reject: (error: Error) => void) => boolean,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('The worker did not answer.')), answerWithinMs)
      const waiting: Waiting = {
        isCrossed: false,
        fail: (error) => {
          clearTimeout(late)
          reject(error)
        },
        settle: (kind, body, meta) => {
          if (onFrame(kind, body, meta, waiting, resolve, reject)) return
          clearTimeout(late)
          this.#waiting.delete(id)
        },
      }
      this.#waiting.set(id, waiting)
    })
  }
}

function toAnswer(head: string, bytes: Buffer, chunks: string[], { isCrossed }: Waiting): Answer {
  const [status, ...lines] = head.split('\n')
  const headers: Record<string, string | string[]> = {}
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = lines[at] ?? ''
    const value = lines[at + 1] ?? ''
    const held = headers[name]
    headers[name] = held === undefined ? value : [held, value].flat()
  }
  return { status: Number(status), headers, text: bytes.toString(), bytes, chunks, crossed: isCrossed }
}

/** As the backend compiles a function. */
export async function compile(source: string, name: string): Promise<{ code: string; sourceMap: string }> {
  const built = await build({
    stdin: { contents: source, sourcefile: `${name}.ts`, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: '__exports',
    target: 'es2024',
    sourcemap: 'external',
    outfile: 'function.js',
    logLevel: 'silent',
  })
  const [sourceMap, code] = [
    built.outputFiles.find(({ path: file }) => file.endsWith('.map')),
    built.outputFiles.find(({ path: file }) => file.endsWith('.js')),
  ]
  return { code: code?.text ?? '', sourceMap: sourceMap?.text ?? '' }
}
