import { environmentNames } from '@imprun/contracts'
import type { Database } from '../../backend/src/database/database.ts'
import type { StoredDeployment } from '../../backend/src/deployments/stored-deployment.ts'
import { newId } from '../../backend/src/platform/ids.ts'

const atOnce = 5_000

/** Deployments that ended long ago, of a hundred functions. */
export async function putDeployments(database: Database, options: { count: number; gatewayId: string; ownerId: string }): Promise<void> {
  const { count, gatewayId, ownerId } = options
  const at = new Date()
  const by = { userId: ownerId, name: 'bench' }
  for (let first = 0; first < count; first += atOnce) {
    const batch = Array.from({ length: atOnce }, (_, offset): StoredDeployment => {
      const index = first + offset
      const functionName = `function-${index % 100}`
      return {
        ...{ _id: newId(), gatewayId, ownerId, functionId: `id-of-${functionName}`, functionName, requestId: 'bench', by },
        ...{ environment: environmentNames[index % 3] ?? 'dev', kind: 'publish', releaseId: `release-${index}`, version: '1.0.0', sourceHash: 'none' },
        ...{ status: index % 10 === 0 ? 'FAILED' : 'SUCCESS', history: [{ status: 'PENDING', at }], message: '', fence: 0, createdAt: at, finishedAt: at },
      }
    })
    await database.sys.collection<StoredDeployment>('deployments').insertMany(batch, { ordered: false })
  }
}
