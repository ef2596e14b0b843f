import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import { advanceTo, goTo, remove, rest, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import type { EnvironmentRef, RuntimeDriver } from '../runtime-driver/runtime-driver.ts'
import type { EnvironmentSettingsStore } from './environment-settings.ts'
import type { StoredEnvironment } from './environment-store.ts'

export interface EnvironmentMachinePorts {
  readonly databases: Pick<GatewayDatabases, 'dropData'>
  readonly users: Pick<GatewayUsers, 'ensureEnvironmentUser' | 'dropEnvironmentUser'>
  readonly settings: Pick<EnvironmentSettingsStore, 'ensure'>
  readonly driver: Pick<RuntimeDriver, 'ensureAssigned' | 'ensureUnassigned'>
}

/** A driver that becomes able to serve nudges those that wait for it; this is for the case that the nudge is lost. */
const driverNotReadyMs = 5_000

const refOf = ({ gatewayId, environment, database }: StoredEnvironment): EnvironmentRef => ({ gatewayId, environment, database })

export function createEnvironmentMachine({ databases, users, settings, driver }: EnvironmentMachinePorts): Machine<StoredEnvironment> {
  /** Creating: have the workers' MongoDB user, and the document that runtimes read. */
  const create: Step<StoredEnvironment> = async (environment, { confirm }) => {
    const { gatewayId, environment: name, database } = environment
    await confirm()
    await Promise.all([users.ensureEnvironmentUser(gatewayId, name, database), settings.ensure(environment)])
    return advanceTo('Created')
  }

  /** Starting: have a runtime serve it. */
  const start: Step<StoredEnvironment> = async (environment, { fence, signal }) => {
    const { isReady } = await driver.ensureAssigned(refOf(environment), fence, signal)
    return isReady ? advanceTo('Started') : tryAgainAfterMs(driverNotReadyMs)
  }

  /** Stopping: have no runtime serve it. */
  const stop: Step<StoredEnvironment> = async (environment, { fence, signal }) => {
    await driver.ensureUnassigned(refOf(environment), fence, signal)
    return advanceTo('Stopped')
  }

  /** Deleting: have nothing left of it. The user goes before the data, so that nobody can write it back. */
  const removeAll: Step<StoredEnvironment> = async (environment, { fence, signal, confirm }) => {
    const { gatewayId, environment: name, database } = environment
    await driver.ensureUnassigned(refOf(environment), fence, signal)
    await confirm()
    await users.dropEnvironmentUser(gatewayId, name)
    await databases.dropData(gatewayId, name, database)
    return remove
  }

  return {
    Creating: { active: create, inactive: create, deleted: goTo('Deleting') },
    Created: { active: goTo('Starting'), inactive: goTo('Stopped'), deleted: goTo('Deleting') },
    Starting: { active: start, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
    Started: { active: rest, inactive: goTo('Stopping'), deleted: goTo('Deleting') },
    Stopping: { active: goTo('Starting'), inactive: stop, deleted: goTo('Deleting') },
    Stopped: { active: goTo('Starting'), inactive: rest, deleted: goTo('Deleting') },
    Deleting: { active: removeAll, inactive: removeAll, deleted: removeAll },
    Deleted: { active: rest, inactive: rest, deleted: rest },
  }
}
