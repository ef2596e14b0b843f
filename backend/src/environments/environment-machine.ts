import type { GatewayDatabases } from '../database/gateway-databases.ts'
import type { GatewayUsers } from '../database/gateway-users.ts'
import { databaseOf, onRuntime, removeParts, userOf } from '../gateways/gateway-deletion.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Placement } from '../instances/placement.ts'
import { advanceTo, remove, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import { servedMachine } from '../phases/served-machine.ts'
import type { Clock } from '../platform/clock.ts'
import type { EnvironmentSettingsStore } from './environment-settings.ts'
import type { StoredEnvironment } from './environment-store.ts'

export interface EnvironmentMachinePorts {
  readonly databases: Pick<GatewayDatabases, 'dropData'>
  readonly users: Pick<GatewayUsers, 'dropEnvironmentUser'>
  readonly settings: Pick<EnvironmentSettingsStore, 'ensure'>
  readonly placement: Placement
  readonly gateways: Pick<GatewayStore, 'noteLeftovers'>
  readonly clock: Pick<Clock, 'now'>
}

/** An instance that moves nudges its environment; this is for the case that the nudge is lost with the process. */
const waitForInstances = tryAgainAfterMs(5_000, 'a runtime')
/** How long a forced deletion waits for runtimes to let go. */
const forcedWaitMs = 2_000

export function createEnvironmentMachine(ports: EnvironmentMachinePorts): Machine<StoredEnvironment> {
  const { databases, users, settings, placement, gateways, clock } = ports
  /** Creating: have the document that runtimes read. */
  const create: Step<StoredEnvironment> = async (environment, { confirm }) => {
    await settings.ensure(environment.gatewayId, [environment], await confirm())
    return advanceTo('Created')
  }

  /** Starting: have a runtime serve it. */
  const start: Step<StoredEnvironment> = async (environment, { confirm }) => {
    const { runtimeId } = await placement.ensureServed(environment, confirm)
    return runtimeId === undefined ? waitForInstances : advanceTo('Started', { runtimeId })
  }

  /** Stopping: have no runtime serve it. */
  const stop: Step<StoredEnvironment> = async (environment, { confirm }) => {
    await confirm()
    return (await placement.ensureUnserved(environment)) ? advanceTo('Stopped') : waitForInstances
  }

  /** Deleting: have nothing left of it. The user goes before the data, so that nobody can write it back. */
  const removeAll: Step<StoredEnvironment> = async (environment, { confirm }) => {
    const { gatewayId, environment: name, database, waitingSince, isForced = false } = environment
    await confirm()
    const isUnserved = await placement.ensureUnserved(environment)
    if (!isUnserved && !(isForced && waitingSince && clock.now().getTime() - waitingSince.getTime() > forcedWaitMs))
      return isForced ? tryAgainAfterMs(forcedWaitMs / 4) : waitForInstances
    const left = await removeParts(
      [
        [userOf(environment), async () => users.dropEnvironmentUser(gatewayId, name, await confirm())],
        [databaseOf(environment), async () => databases.dropData(gatewayId, name, database, await confirm())],
      ],
      isForced,
    )
    if (isForced) await gateways.noteLeftovers(gatewayId, [...(isUnserved ? [] : [onRuntime(environment)]), ...left])
    return remove
  }

  return servedMachine<StoredEnvironment>({ create, start, stop, removeAll })
}
