import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EnvironmentName, environmentNames, runtimeNodeOptions } from '@imprun/contracts'
import * as z from 'zod'
import { eventually } from '../../runtime/test/support/eventually.ts'
import { connectControl, type GivenControl } from '../../runtime/test/support/given-control.ts'
import type { GivenOwnMongo } from '../../runtime/test/support/given-mongo.ts'
import { GivenEnvironment, type GivenRuntime } from '../../runtime/test/support/given-runtime.ts'
import type { LoadTarget } from './load.ts'
import { publishTax } from './served-tax.ts'

const startedSchema = z.object({ port: z.number(), id: z.string() })
const memorySchema = z.object({ heapBytes: z.number(), rssBytes: z.number() })
export type FrontMemory = z.infer<typeof memorySchema>

export interface ManyEnvironments extends AsyncDisposable {
  /** Serves so many gateways with three environments each that nobody calls. */
  assign(gateways: number): Promise<void>
  /** Publishes the function in so many environments more and calls each once, so that it has a worker. @returns them as targets of load */
  activate(environments: number): Promise<LoadTarget[]>
  /** After garbage collection. */
  memory(): Promise<FrontMemory>
}

const assignmentsAtOnce = 16
const token = 'bench'

/** A front of its own, whose bell is silent. @param mongo its own too: thousands of databases are made in it */
export async function givenManyEnvironments(mongo: GivenOwnMongo): Promise<ManyEnvironments> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-many-'))
  const controlPath = join(folder, 'control.sock')
  const child = fork(fileURLToPath(new URL('./many-environments-process.ts', import.meta.url)), [], {
    execArgv: [...runtimeNodeOptions, '--expose-gc'],
    env: {
      IMPRUN_RUNTIME_ID: 'bench',
      IMPRUN_RUNTIME_TOKEN: token,
      IMPRUN_RUNTIME_CONTROL: controlPath,
      IMPRUN_RUNTIME_MONGODB_URI: mongo.uri,
      IMPRUN_LOG_LEVEL: 'error',
    },
  })
  const { port } = startedSchema.parse((await once(child, 'message'))[0])
  const control = await eventually(() => connectControl(controlPath, token))
  // What the builder of an environment asks of a runtime.
  const runtime = { id: 'bench', port, control } as unknown as GivenRuntime
  const newEnvironment = (gatewayId: string, environment: EnvironmentName): GivenEnvironment => new GivenEnvironment(runtime, mongo, gatewayId, environment)
  return {
    // Their databases go with their server: to drop thousands of them one by one would take longer than all the rest.
    assign: (gateways) =>
      assignAll(
        control,
        Array.from({ length: gateways }, (_, n) => `idle-${n}`),
        newEnvironment,
      ),
    async activate(count) {
      const targets: LoadTarget[] = []
      for (let n = 0; n < count; n++) targets.push(await activateOne(newEnvironment(mongo.newGatewayId(), 'dev')))
      return targets
    },
    async memory() {
      child.send('memory')
      return memorySchema.parse((await once(child, 'message'))[0])
    },
    async [Symbol.asyncDispose]() {
      control.close()
      await leave(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function assignAll(
  control: GivenControl,
  gatewayIds: string[],
  newEnvironment: (gatewayId: string, name: EnvironmentName) => GivenEnvironment,
): Promise<void> {
  const waiting = gatewayIds.flatMap((gatewayId) => environmentNames.map((name) => newEnvironment(gatewayId, name).assignment))
  const take = async (): Promise<void> => {
    for (let assignment = waiting.pop(); assignment !== undefined; assignment = waiting.pop()) await control.ask({ type: 'assign', assignment })
  }
  await Promise.all(Array.from({ length: assignmentsAtOnce }, take))
}

/** Its documents are there before it is assigned, because its front hears no bell. */
async function activateOne(environment: GivenEnvironment): Promise<LoadTarget> {
  return publishTax(environment, async () => {
    await environment.runtime.control.ask({ type: 'assign', assignment: environment.assignment })
  })
}

async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await exited
  clearTimeout(timer)
}
