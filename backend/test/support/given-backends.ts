import { randomBytes } from 'node:crypto'
import type { Environment } from '@imprun/contracts'
import { findFreePort } from '../../src/platform/ports.ts'
import { eventually } from './eventually.ts'
import { type GivenBackend, givenBackend } from './given-backend.ts'
import { type GivenMongo, givenMongo } from './given-mongo.ts'

/** Short, so that a lost backend is given up for lost within a test. */
const leaseMs = 2_000
const orphanMs = 3_000

/** Backends as processes of their own, on homes of their own, on one MongoDB and one range of ports. */
export async function givenBackends(count: number, env: Record<string, string> = {}) {
  await using starting = new AsyncDisposableStack()
  const mongo: GivenMongo = starting.use(await givenMongo())
  const edgePort = await findFreePort()
  const shared = {
    IMPRUN_SECRET_KEY: randomBytes(32).toString('hex'),
    IMPRUN_EDGE_PORT: String(edgePort),
    IMPRUN_EDGE_PORTS: '50',
    IMPRUN_RUNTIME_LEASE_MS: String(leaseMs),
    IMPRUN_RUNTIME_ORPHAN_MS: String(orphanMs),
    IMPRUN_RUNTIME_SPARES: '0',
    ...env,
  }
  const backends: GivenBackend[] = []
  for (let index = 0; index < count; index++) backends.push(starting.use(await givenBackend({ asProcess: true, env: shared })))
  const started = starting.move()
  const { sys } = mongo.database
  return {
    mongo,
    backends,
    leases: () => sys.collection<{ _id: string; port: number; holder: string }>('portLeases').find().toArray(),
    runtimes: () => sys.collection<{ _id: string; holder: string }>('runtimes').find().toArray(),
    instances: () => sys.collection<{ _id: string; environmentId: string; runtimeId: string; state: string }>('runtimeInstances').find().toArray(),
    frontUsers: async () => {
      const { users } = await mongo.database.named('admin').command({ usersInfo: 1 })
      return (users as { user: string }[]).map(({ user }) => user).filter((user) => user.startsWith('imprun_front_'))
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

/** Throws unless a runtime answers for the environment at the address it is said to have. */
export async function isServedAt({ pathUrl }: Pick<Environment, 'pathUrl'>): Promise<void> {
  const { code } = (await (await fetch(`${pathUrl}/absent`)).json()) as { code: string }
  if (code !== 'FUNCTION_NOT_FOUND') throw new Error(`${pathUrl} answers ${code}.`)
}

export const environmentsOf = async ({ api }: GivenBackend, gatewayId: string): Promise<Environment[]> =>
  (await api.call('getGateway', { params: { gatewayId } })).environments

/** Makes a gateway and waits until every environment of it is served. */
export async function givenServedGateway(backend: GivenBackend, gatewayId: string): Promise<void> {
  await backend.api.call('createGateway', { body: { name: gatewayId, gatewayId } })
  await eventually(async () => {
    const { phase, lastError } = await backend.api.call('getGateway', { params: { gatewayId } })
    if (phase !== 'Started') throw new Error(`Gateway ${gatewayId} is ${phase}: ${lastError?.message}`)
  }, 30_000)
  // A backend hears of the runtimes of others within a second, and tells their addresses from then on.
  await eventually(async () => {
    for (const environment of await environmentsOf(backend, gatewayId)) await isServedAt(environment)
  }, 20_000)
}
