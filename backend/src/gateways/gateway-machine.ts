import type { Phase } from '@imprun/contracts'
import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import { type EnvironmentStore, isWaitingForGateway, type StoredEnvironment } from '../environments/environment-store.ts'
import { advanceTo, goTo, remove, rest, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import type { StoredGateway } from './gateway-store.ts'

/** What a noun keeps about gateways outside their own databases. */
export interface GatewayContent {
  /** Removes all of it. Safe to repeat. */
  removeAll(gatewayId: string, signal: AbortSignal): Promise<void>
}

export interface GatewayMachinePorts {
  readonly environments: Pick<EnvironmentStore, 'listOf' | 'want' | 'callWaiting'>
  readonly databases: Pick<GatewayDatabases, 'ensure' | 'drop'>
  readonly users: Pick<GatewayUsers, 'allowFront' | 'forbidFront'>
  readonly contents: readonly GatewayContent[]
}

/** Each environment that moves nudges its gateway; this is for the case that the nudge is lost with the process. */
const waitForEnvironments = tryAgainAfterMs(5_000)

const areAll = (environments: readonly StoredEnvironment[], phase: Phase) => environments.every((environment) => environment.phase === phase)

export function createGatewayMachine({ environments, databases, users, contents }: GatewayMachinePorts): Machine<StoredGateway> {
  /** Creating: have the gateway's database, let fronts watch it, then have the environments created. */
  const create: Step<StoredGateway> = async ({ gatewayId }, { confirm }) => {
    const theirs = await environments.listOf(gatewayId)
    if (theirs.some(isWaitingForGateway)) {
      await confirm()
      await Promise.all([databases.ensure(gatewayId), users.allowFront(gatewayId)])
      await environments.callWaiting(gatewayId)
    }
    return theirs.some(({ phase }) => phase === 'Creating') ? waitForEnvironments : advanceTo('Created')
  }

  /** Starting: have every environment served. */
  const start: Step<StoredGateway> = async ({ gatewayId }, { fence }) => {
    await environments.want(gatewayId, 'active', fence)
    return areAll(await environments.listOf(gatewayId), 'Started') ? advanceTo('Started') : waitForEnvironments
  }

  /** Stopping: have no environment served. */
  const stop: Step<StoredGateway> = async ({ gatewayId }, { fence }) => {
    await environments.want(gatewayId, 'inactive', fence)
    return areAll(await environments.listOf(gatewayId), 'Stopped') ? advanceTo('Stopped') : waitForEnvironments
  }

  /** Deleting: environments first, for they are served; then everything else; the document goes last, and frees the id. */
  const removeAll: Step<StoredGateway> = async ({ gatewayId }, { fence, signal, confirm }) => {
    await environments.want(gatewayId, 'deleted', fence)
    if ((await environments.listOf(gatewayId)).length > 0) return waitForEnvironments
    for (const content of contents) {
      await confirm()
      await content.removeAll(gatewayId, signal)
    }
    await users.forbidFront(gatewayId)
    await confirm()
    await databases.drop(gatewayId)
    return remove
  }

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
