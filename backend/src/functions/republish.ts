import { type ImprunError, isImprunError, type Republished } from '@imprun/contracts'
import { deploymentEnded } from '../deployments/deployment-errors.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { Caller } from '../http/handlers.ts'
import { sourceFileOf } from '../publishing/build-faults.ts'
import { hashOfText } from '../publishing/imports/trail.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import type { OwnedGateway } from './function-lookup.ts'
import type { FunctionStore, StoredFunction } from './function-store.ts'

export interface RepublishDeps {
  functions: FunctionStore
  releases: ReleaseStore
  deployments: Deployments
}

export interface SavedFile {
  gateway: OwnedGateway
  name: string
  code: string
  by: Caller
  requestId: string
  receivedAtMs: number
}

/** Each compiles and waits for the runtimes; more at once would only wait for each other. */
const atOnceMax = 4

/** Ids of the functions that dev serves with an older text of this file in them. */
export async function findDependents({ functions, releases }: Pick<RepublishDeps, 'functions' | 'releases'>, gatewayId: string, name: string, code: string) {
  const file = sourceFileOf(name)
  if (!(await releases.isImported(gatewayId, file))) return []
  const served = await functions.listServedInDev(gatewayId)
  const outdated = await releases.listOutdated(
    served.map(({ releaseId }) => releaseId),
    file,
    hashOfText(code),
  )
  return outdated.map(({ functionId }) => functionId)
}

/** Publishes them to dev as they are saved now, each a deployment of its own. What one of them meets does not keep the others. */
export async function republish(deps: RepublishDeps, saved: SavedFile, functionIds: readonly string[]): Promise<Republished[]> {
  const waiting = [...functionIds]
  const told: Republished[] = []
  const work = async () => {
    for (let functionId = waiting.shift(); functionId !== undefined; functionId = waiting.shift()) {
      const stored = await deps.functions.findById(functionId)
      if (stored) told.push(await republishOne(deps, saved, stored))
    }
  }
  await Promise.all(Array.from({ length: atOnceMax }, work))
  return told.sort((one, other) => (one.functionName < other.functionName ? -1 : 1))
}

async function republishOne({ deployments }: RepublishDeps, { gateway, by, requestId, receivedAtMs }: SavedFile, stored: StoredFunction): Promise<Republished> {
  const functionName = stored.name
  try {
    const deployment = toDeploymentView(await deployments.publish({ gateway, stored, environment: 'dev', by, requestId, receivedAtMs }))
    // PENDING: people are asked first, even in dev.
    return deployment.status === 'SUCCESS' || deployment.status === 'PENDING'
      ? { functionName, deployment }
      : { functionName, deployment, refusal: toRefusal(deploymentEnded(deployment)) }
  } catch (error) {
    if (!isImprunError(error)) throw error
    return { functionName, refusal: toRefusal(error) }
  }
}

export const toRefusal = ({ code, message, errors }: ImprunError): NonNullable<Republished['refusal']> => ({
  code,
  detail: message,
  errors: [...(errors ?? [])],
})
