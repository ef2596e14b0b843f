import type { Assignments, EnvironmentRef } from '../runtime-driver/runtime-driver.ts'
import type { InstanceStore, StoredInstance } from './instance-store.ts'

export const refOf = ({ gatewayId, environment, database, bundle }: StoredInstance): EnvironmentRef => ({ gatewayId, environment, database, bundle })

/** What one runtime has to serve, as its instances say. */
export const assignmentsOf =
  (instances: Pick<InstanceStore, 'listToServe'>, runtimeId: string): Assignments =>
  async () =>
    (await instances.listToServe(runtimeId)).map((instance) => ({ ref: refOf(instance), fence: instance.fence }))
