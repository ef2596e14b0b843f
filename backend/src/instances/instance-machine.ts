import { gatewayCollections, type LiveRuntime } from '@imprun/contracts'
import type { Database } from '../database/database.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import { advanceTo, goTo, remove, type Step, tryAgainAfterMs } from '../phases/decisions.ts'
import type { Machine } from '../phases/machine.ts'
import { servedMachine } from '../phases/served-machine.ts'
import type { RuntimeDriver } from '../runtime-driver/runtime-driver.ts'
import { refOf } from './assignments.ts'
import type { StoredInstance } from './instance-store.ts'

export interface InstanceMachinePorts {
  readonly environments: Pick<EnvironmentStore, 'findById'>
  /** The driver of a runtime that this backend controls; undefined once it does no longer. */
  driverOf(runtimeId: string): Pick<RuntimeDriver, 'ensureAssigned' | 'ensureUnassigned'> | undefined
  /** What the runtime has said of the environment is not waited for any more. */
  forget(instance: Pick<StoredInstance, 'gatewayId' | 'environment' | 'runtimeId'>): Promise<void>
}

/** A driver that becomes able to serve nudges those that wait for it; this is for the case that the nudge is lost. */
const driverNotReadyMs = 5_000

/** Only the backend that controls the runtime runs these steps, see the engine's `only`. */
export function createInstanceMachine({ environments, driverOf, forget }: InstanceMachinePorts): Machine<StoredInstance> {
  /** Starting: have the runtime serve it. One whose environment is gone or stopped was put down by a holder that had lost its claim. */
  const start: Step<StoredInstance> = async (instance, { fence, signal }) => {
    const environment = await environments.findById(instance.environmentId)
    if (environment?.state !== 'active') return advanceTo('Deleting')
    // The bundle may have been changed while the instance was put down.
    const { bundle = instance.bundle } = environment
    const assigned = await driverOf(instance.runtimeId)?.ensureAssigned(refOf({ ...instance, bundle }), fence, signal)
    return assigned?.isReady ? advanceTo('Started', { bundle }) : tryAgainAfterMs(driverNotReadyMs)
  }

  const unassign = async (instance: StoredInstance, fence: number, signal: AbortSignal): Promise<boolean> => {
    const driver = driverOf(instance.runtimeId)
    await driver?.ensureUnassigned(refOf(instance), fence, signal)
    return driver !== undefined
  }

  /** Stopping: have the runtime serve it no more. */
  const stop: Step<StoredInstance> = async (instance, { fence, signal }) =>
    (await unassign(instance, fence, signal)) ? advanceTo('Stopped') : tryAgainAfterMs(driverNotReadyMs)

  /** Deleting: have nothing left of it. */
  const removeAll: Step<StoredInstance> = async (instance, { fence, signal }) => {
    if (!(await unassign(instance, fence, signal))) return tryAgainAfterMs(driverNotReadyMs)
    await forget(instance)
    return remove
  }

  return servedMachine<StoredInstance>({ create: goTo('Created'), start, stop, removeAll })
}

/** A runtime that comes back under its name would be waited for: it beats again, and what it once said of the environment stays behind. */
export const createForget =
  (database: Database): InstanceMachinePorts['forget'] =>
  async ({ gatewayId, environment, runtimeId }) => {
    await database
      .gateway(gatewayId)
      .collection<LiveRuntime>(gatewayCollections.runtimes)
      .deleteOne({ _id: `${runtimeId}/${environment}` })
  }
