import { environmentNames, ImprunError } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { Database } from '../database/database.ts'
import { withNextRevision } from '../database/gateway-revision.ts'
import type { Acknowledgements } from '../publishing/acknowledgements.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { FunctionStore, StoredFunction } from './function-store.ts'

/** Tools that offer functions: one whose function is gone could only fail. */
export interface FunctionTools {
  removeOfFunction(gatewayId: string, functionName: string, session: ClientSession): Promise<void>
}

export interface RemoveFunctionDeps {
  database: Database
  functions: FunctionStore
  publisher: Publisher
  tools: FunctionTools
  acknowledgements: Acknowledgements
  acknowledgeDeadlineMs: number
}

/**
 * Takes the function out of every environment, and its tools with it, and answers when no live runtime serves it any more. Releases and deployments stay
 * as history.
 * @throws RUNTIME_NOT_ACKNOWLEDGED naming who may still serve it; it stays removed.
 */
export async function removeFunction(deps: RemoveFunctionDeps, { _id, gatewayId, name }: StoredFunction): Promise<void> {
  const { revision, result: withdrawn } = await withNextRevision(deps.database, gatewayId, async (session, revision) => {
    await deps.functions.remove(_id, session)
    await deps.tools.removeOfFunction(gatewayId, name, session)
    const found: (typeof environmentNames)[number][] = []
    for (const environment of environmentNames) {
      if (await deps.publisher.withdraw({ gatewayId, environment, name }, revision, session)) found.push(environment)
    }
    return found
  })
  const waits = withdrawn.map(async (environment) => {
    const acknowledged = await deps.acknowledgements.waitForRuntimes(gatewayId, environment, revision, {
      deadlineMs: deps.acknowledgeDeadlineMs,
      whenNone: 'answer',
    })
    return acknowledged.outcome === 'late' ? acknowledged.runtimeIds.map((id) => `${id} (${environment})`) : []
  })
  const late = (await Promise.all(waits)).flat()
  if (late.length > 0) {
    throw new ImprunError('RUNTIME_NOT_ACKNOWLEDGED', `Function "${name}" is removed, but not yet confirmed by ${late.join(', ')}.`, {
      facts: { runtimes: late },
    })
  }
}
