import type { Phase } from '@imprun/contracts'
import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import type { EnvironmentStore, StoredEnvironment } from '../environments/environment-store.ts'
import { advanceTo, goTo, remove, rest, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import { gatewayDatabaseOf, removeParts, type StoredDeletion } from './gateway-deletion.ts'
import type { StoredGateway } from './gateway-store.ts'

/** What a noun keeps about gateways outside their own databases. */
export interface GatewayContent {
  /** Removes all of it. Safe to repeat. */
  removeAll(gatewayId: string, signal: AbortSignal): Promise<void>
}

export interface GatewayMachinePorts {
  readonly environments: Pick<EnvironmentStore, 'listOf' | 'want' | 'callWaiting'>
  readonly databases: Pick<GatewayDatabases, 'create' | 'drop'>
  readonly users: Pick<GatewayUsers, 'allowFront' | 'forbidFront'>
  readonly contents: readonly GatewayContent[]
  /** Writes down what a forced deletion left behind. */
  recordLeftovers(gatewayId: string, deletion: StoredDeletion): Promise<void>
}

/** The last environment to get there nudges its gateway; this is for the case that the nudge is lost with the process. */
const waitForEnvironments = tryAgainAfterMs(5_000, 'its environments; their own errors say why')

/** Where an environment is when it is where it should be. */
const hasWhatItWants = ({ phase, state }: StoredEnvironment) => phase === (state === 'inactive' ? 'Stopped' : 'Started')
const areAll = (environments: readonly StoredEnvironment[], phase: Phase) => environments.every((environment) => environment.phase === phase)

export function createGatewayMachine(ports: GatewayMachinePorts): Machine<StoredGateway> {
  const { environments, databases, users } = ports
  /** Creating: have the gateway's database, let fronts watch it, then have the environments created. */
  const create: Step<StoredGateway> = async ({ gatewayId }, { confirm }) => {
    await confirm()
    await Promise.all([databases.create(gatewayId), users.allowFront(gatewayId)])
    await environments.callWaiting(gatewayId)
    return advanceTo('Created')
  }

  /** Starting: have every environment served, but for those that were stopped by themselves. */
  const start: Step<StoredGateway> = async ({ gatewayId }, { fence }) => {
    await environments.want(gatewayId, 'active', fence)
    return (await environments.listOf(gatewayId)).every(hasWhatItWants) ? advanceTo('Started') : waitForEnvironments
  }

  /** Stopping: have no environment served. */
  const stop: Step<StoredGateway> = async ({ gatewayId }, { fence }) => {
    await environments.want(gatewayId, 'inactive', fence)
    return areAll(await environments.listOf(gatewayId), 'Stopped') ? advanceTo('Stopped') : waitForEnvironments
  }

  const removeAll = createRemoval(ports)
  return {
    Creating: { active: create, inactive: create, deleted: goTo('Deleting') },
    Created: { active: goTo('Starting'), inactive: goTo('Stopping'), deleted: goTo('Deleting') },
    Starting: { active: start, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
    Started: { active: rest, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
    Stopping: { active: goTo('Starting'), inactive: stop, deleted: goTo('Deleting') },
    Stopped: { active: goTo('Starting'), inactive: rest, deleted: goTo('Deleting') },
    Deleting: { active: removeAll, inactive: removeAll, deleted: removeAll },
    Deleted: { active: rest, inactive: rest, deleted: rest },
  }
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
      await confirm()
      await databases.drop(gatewayId)
    }
    const left = await removeParts(
      [...parts, ['right of runtimes to watch its database', () => users.forbidFront(gatewayId)], [gatewayDatabaseOf(gatewayId), dropDatabase]],
      isForced,
    )
    if (deletion?.isForced) await recordLeftovers(gatewayId, { ...deletion, leftovers: [...new Set([...deletion.leftovers, ...left])] })
    return remove
  }
