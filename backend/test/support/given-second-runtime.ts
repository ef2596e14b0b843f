import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EnvironmentName, environmentDatabaseName, gatewayDatabaseName, runtimeStart } from '@imprun/contracts'
import { silentLog } from '../../src/platform/log.ts'
import { connectControl } from '../../src/runtime-driver/process/control-client.ts'
import { eventually } from './eventually.ts'
import type { GivenMongo } from './given-mongo.ts'

const entry = fileURLToPath(new URL('../../../runtime/src/main.ts', import.meta.url))

export interface GivenSecondRuntime extends AsyncDisposable {
  readonly pid: number
  /** Where it takes requests. */
  readonly port: number
}

/**
 * A runtime beside the backend's own that serves the same environment, as a second one of a cluster would.
 * @param memoryMb of its worker: what needs more can not be loaded there.
 */
export async function givenSecondRuntime(
  { uri }: Pick<GivenMongo, 'uri'>,
  gatewayId: string,
  environment: EnvironmentName,
  { memoryMb }: { memoryMb?: number } = {},
): Promise<GivenSecondRuntime> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-second-'))
  const token = randomBytes(16).toString('hex')
  const controlPath = join(folder, 'control.sock')
  const start = runtimeStart({
    IMPRUN_RUNTIME_ID: `second-${randomBytes(4).toString('hex')}`,
    IMPRUN_RUNTIME_TOKEN: token,
    IMPRUN_RUNTIME_PORT: '0',
    IMPRUN_RUNTIME_CONTROL: controlPath,
    IMPRUN_RUNTIME_MONGODB_URI: uri,
    IMPRUN_RUNTIME_ORPHAN_MS: '20000',
  })
  const child = spawn(process.execPath, [...start.nodeOptions, entry], { stdio: ['pipe', 'ignore', 'ignore'], env: start.environment })
  child.stdin.on('error', () => {}).end(start.input)
  const exited = once(child, 'exit')
  await using starting = new AsyncDisposableStack()
  starting.defer(async () => {
    child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  })
  const client = await eventually(() => connectControl(controlPath, silentLog), 15_000)
  starting.defer(() => client.close())
  const assignment = {
    gatewayId,
    environment,
    fence: 1,
    hosts: [],
    gatewayDatabase: gatewayDatabaseName(gatewayId),
    dataDatabase: environmentDatabaseName(gatewayId, environment, 'separate'),
    dataUri: uri,
    ...(memoryMb === undefined ? {} : { bundle: { memoryMb, cpuMillicores: 1_000 } }),
  }
  const { port } = await client.request({ type: 'hello', token }, { timeoutMs: 5_000 })
  await client.request({ type: 'assign', assignment }, { timeoutMs: 15_000 })
  const started = starting.move()
  return { pid: child.pid as number, port, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
