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

/** Publishes to dev again what it serves of each, with the file as it is now, each a deployment of its own. What one of them meets does not keep the others. */
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

async function republishOne(deps: RepublishDeps, { gateway, by, requestId, receivedAtMs }: SavedFile, current: StoredFunction): Promise<Republished> {
  const functionName = current.name
  try {
    const stored = await asServedInDev(deps, current)
    const deployment = toDeploymentView(await deps.deployments.publish({ gateway, stored, environment: 'dev', by, requestId, receivedAtMs }))
    // PENDING: people are asked first, even in dev.
    return deployment.status === 'SUCCESS' || deployment.status === 'PENDING'
      ? { functionName, deployment }
      : { functionName, deployment, refusal: toRefusal(deploymentEnded(deployment)) }
  } catch (error) {
    if (!isImprunError(error)) throw error
    return { functionName, refusal: toRefusal(error) }
  }
}

/** Without what its author has saved since and not put live yet: nobody asked for that. */
async function asServedInDev({ releases }: Pick<RepublishDeps, 'releases'>, current: StoredFunction): Promise<StoredFunction> {
  const { dev } = current.served
  if (!dev || dev.sourceHash === current.sourceHash) return current
  const release = await releases.find(dev.releaseId)
  if (!release) return current
  const { methods: _, ...others } = current
  const { source: code, sourceHash, limits, methods } = release
  return { ...others, code, sourceHash, limits, ...(methods ? { methods } : {}) }
}

export const toRefusal = ({ code, message, errors }: ImprunError): NonNullable<Republished['refusal']> => ({
  code,
  detail: message,
  errors: [...(errors ?? [])],
})
