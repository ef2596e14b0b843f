import type { EnvironmentName, Protection } from '@imprun/contracts'
import { approvalFor } from '../approvals/stored-approval.ts'
import type { StoredCanary } from '../canaries/stored-canary.ts'
import type { ListedFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import { newId } from '../platform/ids.ts'
import type { StoredRelease } from '../releases/release-store.ts'
import type { Warning } from './gates.ts'
import type { NewDeployment } from './stored-deployment.ts'

/** What is asked for one function in one environment. */
export interface Wanted {
  stored: Pick<ListedFunction, '_id' | 'gatewayId' | 'ownerId' | 'name' | 'revision'>
  environment: EnvironmentName
  from?: EnvironmentName
  /** Makes it a rollback. */
  reason?: string
  /** The function is taken out of the environment, which serves the release. */
  isRemoval?: boolean
  warnings?: Warning[]
  /** Serves a part of the callers first. */
  canary?: StoredCanary
  /** Of the environment. Of what it asks for, a rollback needs nothing. */
  protection?: Protection | undefined
  by: Caller
  requestId: string
  callId?: string
}
type DraftedRelease = Pick<StoredRelease, '_id' | 'version' | 'hash' | 'sourceHash'>

/**
 * Not written yet: a deployment that waits.
 * @param askedRevision of the transaction that it is written in
 */
export function draft(wanted: Wanted, release: DraftedRelease, now: Date, askedRevision: number): NewDeployment {
  const { stored, environment, warnings = [], canary, protection, by, requestId, callId } = wanted
  const approval = wanted.reason === undefined ? approvalFor(protection, release.hash, now) : undefined
  return {
    _id: newId(),
    gatewayId: stored.gatewayId,
    ownerId: stored.ownerId,
    functionId: stored._id,
    functionName: stored.name,
    environment,
    ...kindOf(wanted),
    releaseId: release._id,
    version: release.version,
    sourceHash: release.sourceHash,
    status: 'PENDING',
    message: describe(wanted, release.version),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(canary ? { canary } : {}),
    ...(approval ? { approval, awaitsApproval: true as const } : {}),
    by,
    requestId,
    askedRevision,
    ...(callId === undefined ? {} : { callId }),
    createdAt: now,
  }
}

type Kind = Pick<NewDeployment, 'kind' | 'from' | 'reason' | 'sourceRevision'>

function kindOf({ stored, from, reason, isRemoval }: Wanted): Kind {
  if (reason !== undefined) return { kind: 'rollback', reason }
  if (from === undefined) return { kind: 'publish', sourceRevision: stored.revision }
  return { kind: isRemoval ? 'removal' : 'promotion', from }
}

function describe({ environment, from, reason, isRemoval }: Wanted, version: string): string {
  if (reason !== undefined) return `Rolled back to ${version} in ${environment}: ${reason}`
  if (isRemoval) return `Removed from ${environment}, because ${from} does not serve it (version: ${version})`
  return from ? `Deployed from ${from} to ${environment} (version: ${version})` : `Published to ${environment} (version: ${version})`
}
