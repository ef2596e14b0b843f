import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Assignment,
  type belledCollections,
  type EnvironmentName,
  type EnvironmentSettings,
  environmentLimitsDefault,
  type FunctionLimits,
  formatApiKey,
  gatewayCollections,
  type LiveRuntime,
  runtimeStart,
  type ScheduleRule,
  type StoredCredential,
} from '@imprun/contracts'
import { build } from 'esbuild'
import type { Db } from 'mongodb'
import type { FrontEvent } from '../../src/front/observe.ts'
import { eventually } from './eventually.ts'
import { connectControl, type GivenControl } from './given-control.ts'
import type { GivenMongo } from './given-mongo.ts'

const mainPath = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface GivenRuntime extends AsyncDisposable {
  readonly id: string
  readonly token: string
  readonly controlPath: string
  readonly process: ChildProcess
  readonly port: number
  readonly control: GivenControl
  /** What the front did, oldest first. */
  readonly events: readonly FrontEvent[]
  errorOutput(): string
  /** Settles when such an event has come; those before it count too. */
  event<Type extends FrontEvent['type']>(
    type: Type,
    matches?: (event: Extract<FrontEvent, { type: Type }>) => boolean,
  ): Promise<Extract<FrontEvent, { type: Type }>>
}

/** A real runtime in a process of its own, that was told nothing yet. */
export async function givenRuntime(mongo: Pick<GivenMongo, 'uri'>, variables: Record<string, string> = {}): Promise<GivenRuntime> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-front-'))
  const id = `rt-${randomBytes(4).toString('hex')}`
  const token = randomBytes(16).toString('hex')
  const controlPath = join(folder, 'control.sock')
  const { nodeOptions, environment, input } = runtimeStart({
    IMPRUN_RUNTIME_ID: id,
    IMPRUN_RUNTIME_TOKEN: token,
    IMPRUN_RUNTIME_PORT: '0',
    IMPRUN_RUNTIME_CONTROL: controlPath,
    IMPRUN_RUNTIME_MONGODB_URI: mongo.uri,
    IMPRUN_LOG_LEVEL: 'debug',
    ...variables,
  })
  const child = spawn(process.execPath, [...nodeOptions, mainPath], { stdio: ['pipe', 'ignore', 'pipe'], env: environment })
  child.stdin?.on('error', () => {}).end(input)
  const { events, text } = readLog(child)
  const leave = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(timer)
    }
    await rm(folder, { recursive: true, force: true })
  }
  const giveUp = new AbortController()
  try {
    const leftEarly = once(child, 'exit').then(([code]) => assert.fail(`The runtime left with code ${code}: ${text()}`))
    leftEarly.catch(() => {})
    const control = await Promise.race([eventually(() => connectControl(controlPath, token), 15_000, giveUp.signal), leftEarly])
    return {
      id,
      token,
      controlPath,
      process: child,
      port: control.port,
      control,
      events,
      errorOutput: text,
      event: (type, matches = () => true) =>
        eventually(() => {
          const found = events.find((event) => event.type === type && matches(event as Extract<FrontEvent, { type: typeof type }>))
          assert.ok(found, `No event ${type} has come: ${text().slice(-2_000)}`)
          return found as Extract<FrontEvent, { type: typeof type }>
        }),
      async [Symbol.asyncDispose]() {
        control.close()
        await leave()
      },
    }
  } catch (error) {
    giveUp.abort()
    await leave()
    throw error
  }
}

function readLog(child: ChildProcess): { events: FrontEvent[]; text: () => string } {
  const events: FrontEvent[] = []
  let all = ''
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    all += chunk
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (!line.startsWith('{')) continue
      const record = JSON.parse(line) as { msg?: string } & FrontEvent
      if (record.msg === 'front') events.push(record)
    }
  })
  return { events, text: () => all }
}

export interface PublishOptions {
  version?: string
  methods?: string[]
  limits?: FunctionLimits
  schedule?: ScheduleRule
  /** Compiled code as it is, instead of source that is bundled. */
  code?: string
}

/** A gateway as the backend would have written it, with one environment assigned to the runtime. */
export class GivenEnvironment {
  readonly runtime: GivenRuntime
  readonly gatewayId: string
  readonly environment: EnvironmentName
  readonly database: Db
  readonly assignment: Assignment
  constructor(runtime: GivenRuntime, mongo: GivenMongo, gatewayId: string, environment: EnvironmentName) {
    this.runtime = runtime
    this.gatewayId = gatewayId
    this.environment = environment
    this.database = mongo.client.db(`gatewayid_${gatewayId}`)
    this.assignment = {
      gatewayId,
      environment,
      fence: 1,
      hosts: [`${gatewayId}.${environment}.localhost`],
      gatewayDatabase: `gatewayid_${gatewayId}`,
      dataDatabase: `gatewayid_${gatewayId}_${environment}`,
      dataUri: mongo.uri,
    }
  }

  get host(): string {
    return this.assignment.hosts[0] as string
  }
  url(path: string): string {
    return `http://127.0.0.1:${this.runtime.port}/${this.gatewayId}/${this.environment}${path}`
  }
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url(path), init)
  }

  /** One write with the gateway's next revision, in one transaction, as the backend does it. */
  async write(collection: (typeof belledCollections)[number], filter: Record<string, unknown>, document: Record<string, unknown>): Promise<number> {
    return this.database.client.withSession((session) =>
      session.withTransaction(async () => {
        const counter = await this.database
          .collection<{ _id: string; value: number }>(gatewayCollections.counters)
          .findOneAndUpdate({ _id: 'revision' }, { $inc: { value: 1 } }, { upsert: true, returnDocument: 'after', session })
        const revision = counter?.value ?? 0
        await this.database.collection(collection).replaceOne(filter, { ...filter, ...document, revision }, { upsert: true, session })
        return revision
      }),
    )
  }
  configure(settings: Partial<Omit<EnvironmentSettings, 'limits'>> & { limits?: Partial<EnvironmentSettings['limits']> } = {}): Promise<number> {
    const { environment } = this
    const { limits, ...rest } = settings
    return this.write(gatewayCollections.environments, { environment }, { authType: 'none', ...rest, limits: { ...environmentLimitsDefault, ...limits } })
  }
  /** Plain ones; a secret is given as it is stored. */
  setVariables(variables: Record<string, string | { secret: string }>): Promise<number> {
    const { environment } = this
    const stored = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? { value } : value]))
    return this.write(gatewayCollections.variables, { environment }, { variables: stored })
  }
  /** @returns the revision; nothing waits for it to be served */
  async publish(name: string, source: string, { version = '1.0.0', methods, limits = {}, schedule, code }: PublishOptions = {}): Promise<number> {
    const compiled = code === undefined ? await compileSource(name, source) : { code, sourceMap: '' }
    return this.write(
      gatewayCollections.publishedFunctions,
      { environment: this.environment, name },
      {
        ...compiled,
        version,
        limits,
        ...(methods === undefined ? {} : { methods }),
        ...(schedule === undefined ? {} : { schedule }),
        releaseId: 'release',
        deploymentId: 'deployment',
        publishedAt: new Date(),
      },
    )
  }
  remove(name: string): Promise<number> {
    return this.write(
      gatewayCollections.publishedFunctions,
      { environment: this.environment, name },
      { code: '', sourceMap: '', version: '0.0.0', limits: {}, releaseId: 'release', deploymentId: 'deployment', publishedAt: new Date(), isRemoved: true },
    )
  }
  async grant(more: Partial<StoredCredential> = {}): Promise<{ key: string; revision: number; hash: string }> {
    const key = formatApiKey(this.environment, randomBytes(64))
    const hash = createHash('sha256').update(key).digest('base64')
    return { key, hash, revision: await this.putCredential(hash, more) }
  }
  putCredential(hash: string, more: Partial<StoredCredential>): Promise<number> {
    const facts = {
      credentialId: 'credential-1',
      grantId: 'grant-1',
      applicationId: 'application-1',
      applicationName: 'Tax & Söhne',
      environment: this.environment,
      state: 'active',
    }
    return this.write(gatewayCollections.credentials, { hash }, { ...facts, ...more })
  }
  async live(): Promise<LiveRuntime | null> {
    return this.database.collection<LiveRuntime>(gatewayCollections.runtimes).findOne({ _id: `${this.runtime.id}/${this.environment}` })
  }
  /** Waits until the runtime says that it has come so far. */
  acknowledged(revision: number): Promise<LiveRuntime> {
    return eventually(async () => {
      const live = await this.live()
      assert.ok(live !== null && live.revision >= revision, `The runtime is at ${live?.revision}, not yet at ${revision}.`)
      return live
    })
  }
  async publishAndWait(name: string, source: string, options?: PublishOptions): Promise<LiveRuntime> {
    return this.acknowledged(await this.publish(name, source, options))
  }
}

/** An environment without authentication that is assigned and ready. */
export async function givenEnvironment(runtime: GivenRuntime, mongo: GivenMongo, environment: EnvironmentName = 'dev'): Promise<GivenEnvironment> {
  const given = new GivenEnvironment(runtime, mongo, mongo.newGatewayId(), environment)
  await given.configure()
  await runtime.control.ask({ type: 'assign', assignment: given.assignment })
  return given
}

export async function compileSource(name: string, source: string): Promise<{ code: string; sourceMap: string }> {
  const result = await build({
    stdin: { contents: source, loader: 'ts', sourcefile: `${name}.ts` },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: '__exports',
    target: 'es2024',
    sourcemap: 'external',
    outfile: 'function.js',
  })
  const textOf = (ending: string): string => result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? ''
  return { code: textOf('.js'), sourceMap: textOf('.js.map') }
}
