import { strict as assert } from 'node:assert'
import type { Phase } from '@imprun/contracts'
import fc from 'fast-check'
import { isAlive } from '../../src/platform/processes.ts'
import { ProblemError } from './api.ts'
import { eventually } from './eventually.ts'
import { type FaultProxy, isOfBackend } from './fault-proxy.ts'
import type { GivenBackend } from './given-backend.ts'
import { callFunction } from './given-gateway.ts'
import type { GivenMongo } from './given-mongo.ts'
import { listRuntimes, listWorkers, readInventory, readLoose } from './inventory.ts'
import { readPromises } from './promises.ts'

const modelled = ['dev', 'staging'] as const
type Modelled = (typeof modelled)[number]

/** What a gateway's owner may count on. */
export interface GatewayModel {
  state: 'absent' | 'active' | 'inactive'
  /** Every value that an environment has served, the present one last. */
  served: Record<Modelled, number[]>
  hasFunction: boolean
}
export const newModel = (): GatewayModel => ({ state: 'absent', served: { dev: [], staging: [] }, hasFunction: false })

export interface GatewaySystem {
  backend: GivenBackend
  mongo: GivenMongo
  /** What the backend reaches MongoDB through. */
  proxy: FaultProxy
  gatewayId: string
}

type Action = (model: GatewayModel, system: GatewaySystem) => Promise<void>
const name = 'answer'
const within = 60_000
const answering = (value: number): string => `export default () => ({ value: ${value} })`
const paramsOf = ({ gatewayId }: GatewaySystem) => ({ gatewayId, functionId: name })

const becomes = ({ backend, gatewayId }: GatewaySystem, phase: Phase) =>
  eventually(async () => assert.equal((await backend.api.call('getGateway', { params: { gatewayId } })).phase, phase), within)

type Edge = Pick<GivenBackend, 'connection'> & Pick<GatewaySystem, 'gatewayId'>
const edgeOf = ({ backend: { connection }, gatewayId }: GatewaySystem): Edge => ({ connection, gatewayId })

const valueIn = async (edge: Edge, environment: Modelled) => {
  const { status, body } = await callFunction(edge, { gatewayId: edge.gatewayId, environment, name, input: {} })
  return status === 200 ? (body as { value: number }).value : status
}

/** What callers get is what the model says. `patience`: after a runtime was killed, it is so in a moment. */
async function checkServed(model: GatewayModel, edge: Edge, patience: 'at once' | 'soon' = 'at once'): Promise<void> {
  for (const environment of modelled) {
    const expected = (model.state === 'active' && model.served[environment].at(-1)) || 404
    const check = async () => assert.equal(await valueIn(edge, environment), expected, environment)
    await (patience === 'soon' ? eventually(check, within) : check())
  }
}

const want =
  (state: 'active' | 'inactive', phase: Phase): Action =>
  async (model, system) => {
    await system.backend.api.call('patchGateway', { params: { gatewayId: system.gatewayId }, body: { state } })
    await becomes(system, phase)
    model.state = state
  }

export const createGateway: Action = async (model, system) => {
  const { gatewayId, backend } = system
  await backend.api.call('createGateway', { body: { name: gatewayId, gatewayId } })
  await becomes(system, 'Started')
  Object.assign(model, newModel(), { state: 'active' })
}

export const removeGateway: Action = async (model, { backend, mongo, gatewayId }) => {
  await backend.api.call('deleteGateway', { params: { gatewayId } })
  await eventually(
    async () => assert.deepEqual(await readInventory(mongo.database, gatewayId), { documents: {}, users: [], privileges: 0, phases: {} }),
    within,
  )
  Object.assign(model, newModel())
}

const publishTo = async (value: number, model: GatewayModel, system: GatewaySystem) => {
  const { api } = system.backend
  const code = answering(value)
  if (!model.hasFunction) await api.call('createFunction', { params: { gatewayId: system.gatewayId }, body: { name, code } })
  model.hasFunction = true
  const { deployment } = await api.call('saveFunction', { params: paramsOf(system), query: { publish: 'dev' }, body: { code } })
  assert.equal(deployment?.status, 'SUCCESS')
}

const publish =
  (value: number): Action =>
  async (model, system) => {
    await publishTo(value, model, system)
    model.served.dev.push(value)
  }

const promote: Action = async (model, system) => {
  await system.backend.api.call('promoteFunction', { params: paramsOf(system), body: { from: 'dev', to: 'staging' } })
  model.served.staging.push(model.served.dev.at(-1) as number)
}

/** Where to is for the journeys to say; here it is some release that the environment has served. */
const rollback =
  (environment: Modelled): Action =>
  async (model, system) => {
    const served = model.served[environment]
    try {
      await system.backend.api.call('rollbackFunction', { params: paramsOf(system), body: { environment, reason: 'chaos' } })
    } catch (error) {
      assert.ok(error instanceof ProblemError && error.problem.code === 'NOTHING_TO_ROLL_BACK_TO', String(error))
      return
    }
    const value = await valueIn(edgeOf(system), environment)
    assert.ok(served.slice(0, -1).includes(value), `${value} was never served in ${environment}`)
    served.push(value)
  }

const killBackend: Action = async (model, system) => {
  const edge = edgeOf(system)
  await system.backend.kill()
  await checkServed(model, edge)
  await system.backend.start()
}

/** The process dies somewhere in a publish: afterwards the old or the new is served, and recorded. */
const killBackendIn =
  (value: number, afterMessages: number): Action =>
  async (model, system) => {
    const reached = Promise.withResolvers<void>()
    let passed = 0
    using _ = system.proxy.interfere((crossing) => {
      if (isOfBackend(crossing) && ++passed > afterMessages) reached.resolve()
      return undefined
    })
    const publishing = publishTo(value, model, system).catch(() => {})
    await Promise.race([reached.promise, publishing])
    await system.backend.kill()
    await publishing
    await system.backend.start()
    const { database } = system.mongo
    await eventually(async () => assert.equal((await readLoose(database)).openDeployments, 0), within)
    const { succeeded, served, published, values } = await readPromises(database, { gatewayId: system.gatewayId, environment: 'dev', name })
    assert.deepEqual([served, published], [succeeded, succeeded])
    model.hasFunction = (await database.sys.collection('functions').countDocuments({ gatewayId: system.gatewayId, name })) === 1
    const now = succeeded && values.get(succeeded.releaseId)
    if (now !== model.served.dev.at(-1) && now !== undefined) model.served.dev.push(now)
    assert.ok(now === undefined ? model.served.dev.length === 0 : now === value || now === model.served.dev.at(-1))
  }

const killRuntime: Action = async (model, system) => {
  const [pid] = await listRuntimes(system.backend.home)
  assert.ok(pid, 'there is a runtime to kill')
  const workers = await listWorkers(pid)
  process.kill(pid, 'SIGKILL')
  await eventually(async () => assert.notEqual((await listRuntimes(system.backend.home))[0] ?? pid, pid), within)
  await eventually(() => assert.deepEqual(workers.filter(isAlive), [], 'no worker outlives its runtime'), within)
  await checkServed(model, edgeOf(system), 'soon')
}

const killWorkers: Action = async (_, { backend }) => {
  const [pid] = await listRuntimes(backend.home)
  for (const worker of await listWorkers(pid as number)) process.kill(worker, 'SIGKILL')
}

class GatewayCommand implements fc.AsyncCommand<GatewayModel, GatewaySystem> {
  readonly #title: string
  readonly #isPossible: (model: Readonly<GatewayModel>) => boolean
  readonly #act: Action
  constructor(title: string, isPossible: (model: Readonly<GatewayModel>) => boolean, act: Action) {
    this.#title = title
    this.#isPossible = isPossible
    this.#act = act
  }
  check(model: Readonly<GatewayModel>): boolean {
    return this.#isPossible(model)
  }
  async run(model: GatewayModel, system: GatewaySystem): Promise<void> {
    await this.#act(model, system)
    await checkServed(model, edgeOf(system))
    commandsRun.set(this.#title, (commandsRun.get(this.#title) ?? 0) + 1)
  }
  toString(): string {
    return this.#title
  }
}

/** How often each command was carried out. */
export const commandsRun = new Map<string, number>()

const isActive = ({ state }: Readonly<GatewayModel>) => state === 'active'
const hasServed = (environment: Modelled) => (model: Readonly<GatewayModel>) => isActive(model) && model.served[environment].length > 0
const command = (title: string, isPossible: (model: Readonly<GatewayModel>) => boolean, act: Action) => fc.constant(new GatewayCommand(title, isPossible, act))
const values = fc.integer({ min: 1, max: 1_000_000 })

export const gatewayCommands: fc.Arbitrary<GatewayCommand>[] = [
  command('create', ({ state }) => state === 'absent', createGateway),
  command('stop', isActive, want('inactive', 'Stopped')),
  command('start', ({ state }) => state === 'inactive', want('active', 'Started')),
  // Most of the others need something that is served.
  ...Array.from({ length: 3 }, () => values.map((value) => new GatewayCommand('publish', isActive, publish(value)))),
  ...Array.from({ length: 2 }, () => command('promote', hasServed('dev'), promote)),
  command('roll back dev', hasServed('dev'), rollback('dev')),
  command('roll back staging', hasServed('staging'), rollback('staging')),
  command('delete', ({ state }) => state !== 'absent', removeGateway),
  command('kill backend', () => true, killBackend),
  fc
    .tuple(values, fc.integer({ min: 0, max: 80 }))
    .map(([value, messages]) => new GatewayCommand('kill backend in a publish', isActive, killBackendIn(value, messages))),
  command('kill runtime', () => true, killRuntime),
  // Seldom possible, for want of something that is served.
  ...Array.from({ length: 3 }, () => command('kill workers', hasServed('dev'), killWorkers)),
]
