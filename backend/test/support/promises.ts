import { type EnvironmentName, gatewayCollections } from '@imprun/contracts'
import type { Document } from 'mongodb'
import type { Database } from '../../src/database/database.ts'

/** One release in an environment, as three places remember it: undefined where there is none. */
export interface Promises {
  /** The newest deployment that ended with SUCCESS. */
  succeeded: Remembered | undefined
  /** What the function's own document says. */
  served: Remembered | undefined
  /** What runtimes were given. */
  published: Remembered | undefined
  /** Ids of deployments that have not ended. */
  underWay: Set<string>
  /** By release id, the number in its source `{ value: <number> }`. */
  values: Map<string, number>
}
interface Remembered {
  deploymentId: string
  releaseId: string
}

export async function readPromises(
  database: Database,
  { gatewayId, environment, name }: { gatewayId: string; environment: EnvironmentName; name: string },
): Promise<Promises> {
  const { sys } = database
  const ofThis = { gatewayId, environment, functionName: name }
  const [deployment] = await sys
    .collection('deployments')
    .find({ ...ofThis, status: 'SUCCESS' })
    // Ids of two backends that were made in one second are in no order.
    .sort({ revision: -1 })
    .limit(1)
    .toArray()
  const open = await sys
    .collection('deployments')
    .find({ ...ofThis, isOpen: true })
    .toArray()
  const stored = await sys.collection('functions').findOne({ gatewayId, name })
  const given = await database.gateway(gatewayId).collection(gatewayCollections.publishedFunctions).findOne({ environment, name })
  const releases = await sys.collection('releases').find({ gatewayId, functionName: name }).toArray()
  return {
    succeeded: remember(deployment && { ...deployment, deploymentId: String(deployment._id) }),
    served: remember(stored?.served[environment]),
    published: remember(given?.isRemoved ? undefined : given),
    underWay: new Set(open.map(({ _id }) => String(_id))),
    values: new Map(releases.map(({ _id, source }) => [String(_id), Number(/value: (\d+)/.exec(String(source))?.[1])])),
  }
}

const remember = (found: Document | null | undefined): Remembered | undefined =>
  found ? { deploymentId: String(found.deploymentId), releaseId: String(found.releaseId) } : undefined
