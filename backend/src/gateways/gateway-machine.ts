import type { Phase, State } from '@imprun/contracts'
import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import type { EnvironmentSettingsStore } from '../environments/environment-settings.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import type { Placement } from '../instances/placement.ts'
import { advanceAndWait, advanceTo, remove, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import { servedMachine } from '../phases/served-machine.ts'
import { gatewayDatabaseOf, removeParts, type StoredDeletion } from './gateway-deletion.ts'
import type { StoredGateway } from './gateway-store.ts'

/** What a noun keeps about gateways outside their own databases. */
export interface GatewayContent {
  /** Removes all of it. Safe to repeat. */
  removeAll(gatewayId: string, signal: AbortSignal): Promise<void>
}

export interface GatewayMachinePorts {
  readonly environments: Pick<EnvironmentStore, 'listOf' | 'want' | 'begin' | 'nudgeAll'>
  readonly settings: Pick<EnvironmentSettingsStore, 'ensure'>
  readonly placement: Pick<Placement, 'placeNew'>
  readonly databases: Pick<GatewayDatabases, 'drop'>
  readonly users: Pick<GatewayUsers, 'allowFront' | 'forbidFront'>
  readonly contents: readonly GatewayContent[]
  /** Writes down what a forced deletion left behind. */
  recordLeftovers(gatewayId: string, deletion: StoredDeletion): Promise<void>
}

/** The last environment to get there nudges its gateway, and instances their environments; this is for the case that the nudge is lost with the process. */
const environmentsWaitMs = 5_000
const waitForEnvironments = tryAgainAfterMs(environmentsWaitMs, 'its environments; their own errors say why')

/** Where an environment is when it is where it should be. */
const hasWhatItWants = ({ phase, state }: StoredEnvironment) => phase === (state === 'inactive' ? 'Stopped' : 'Started')
const areAll = (environments: readonly StoredEnvironment[], phase: Phase) => environments.every((environment) => environment.phase === phase)

export function createGatewayMachine(ports: GatewayMachinePorts): Machine<StoredGateway> {
  const { environments, settings, placement, users } = ports
  /** Creating: have runtimes find the environments, let fronts watch them, and have those served that are to run. */
  const create: Step<StoredGateway> = async ({ gatewayId }, { confirm }) => {
    const theirs = await environments.listOf(gatewayId)
    const withinMs = await confirm()
    await Promise.all([settings.ensure(gatewayId, theirs, withinMs), users.allowFront(gatewayId, withinMs)])
    await environments.begin(gatewayId, environmentsWaitMs)
    const starting = theirs.filter(({ phase, state }) => phase === 'Creating' && state === 'active')
    // What keeps them from it is for their own steps to tell.
    await placement.placeNew(starting).catch(() => environments.nudgeAll(starting.map(({ _id }) => _id)))
    return starting.length > 0 ? advanceAndWait('Created', environmentsWaitMs) : advanceTo('Created')
  }

  /** All environments, told what the gateway wants of them. */
  const wanting = async (gatewayId: string, state: State, fence: number) => {
    const theirs = await environments.listOf(gatewayId)
    if (theirs.every(({ gatewayState }) => gatewayState === state)) return theirs
    await environments.want(gatewayId, state, fence)
    return environments.listOf(gatewayId)
  }

  /** Starting: have every environment served, but for those that were stopped by themselves. */
  const start: Step<StoredGateway> = async ({ gatewayId }, { fence }) =>
    (await wanting(gatewayId, 'active', fence)).every(hasWhatItWants) ? advanceTo('Started') : waitForEnvironments

  /** Stopping: have no environment served. */
  const stop: Step<StoredGateway> = async ({ gatewayId }, { fence }) =>
    areAll(await wanting(gatewayId, 'inactive', fence), 'Stopped') ? advanceTo('Stopped') : waitForEnvironments

  return servedMachine<StoredGateway>({ create, start, stop, removeAll: createRemoval(ports) })
}

/** Deleting: environments first, for they are served; then everything else; the document goes last, and frees the id. */
const createRemoval =
  ({ environments, databases, users, contents, recordLeftovers }: GatewayMachinePorts): Step<StoredGateway> =>
  async ({ gatewayId, deletion }, { fence, signal, confirm }) => {
    const isForced = deletion?.isForced ?? false
    await environments.want(gatewayId, 'deleted', fence, { isForced })
    if ((await environments.listOf(gatewayId)).length > 0) return waitForEnvironments
    const parts = contents.map((content) => {
      const removeContent = async () => {
        await confirm()
        await content.removeAll(gatewayId, signal)
      }
      return [`records of ${gatewayId}`, removeContent] as const
    })
    const dropDatabase = async () => {
      await databases.drop(gatewayId, await confirm())
    }
    const forbidFront = async () => users.forbidFront(gatewayId, await confirm())
    const left = await removeParts([...parts, ['right of runtimes to watch its database', forbidFront], [gatewayDatabaseOf(gatewayId), dropDatabase]], isForced)
    if (deletion?.isForced) await recordLeftovers(gatewayId, { ...deletion, leftovers: [...new Set([...deletion.leftovers, ...left])] })
    return remove
  }
