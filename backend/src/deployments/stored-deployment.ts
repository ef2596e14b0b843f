import type { Deployment, DeploymentStatus, EnvironmentName } from '@imprun/contracts'
import type { StoredApproval } from '../approvals/stored-approval.ts'
import type { StoredCanary } from '../canaries/stored-canary.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'

/** Bookkeeping of a deployment that somebody still works on; gone once it has ended. */
interface OpenFields {
  isOpen?: true
  /** `<functionId>/<environment>` while it runs. Unique, so two can never run at once, whatever backend they are in. */
  lane?: string
  /** Raised by every holder; each write names it, so that a holder that was given up changes nothing. */
  fence: number
  /** By the database's clock. Of a set only the lead has it: who holds the lead holds them all. */
  claimedAt?: Date
}

export interface StoredDeployment extends OpenFields {
  _id: string
  gatewayId: string
  ownerId: string
  functionId: string
  functionName: string
  environment: EnvironmentName
  kind: Deployment['kind']
  from?: EnvironmentName
  releaseId: string
  version: string
  sourceHash: string
  /** Of the set that it belongs to: the id of the set's lead. */
  setId?: string
  /** The save that a publish was made of: of two publishes the one with the later save stays. */
  sourceRevision?: number
  reason?: string
  status: DeploymentStatus
  history: { status: DeploymentStatus; at: Date }[]
  message: string
  error?: NonNullable<Deployment['error']>
  warnings?: NonNullable<Deployment['warnings']>
  /** Of one that serves a part of the callers first. */
  canary?: StoredCanary
  /** Of one into an environment that asks for approval. */
  approval?: StoredApproval
  /** People decide first; nobody works on it, and it is not open. */
  awaitsApproval?: true
  liveMs?: number
  /**
   * The gateway's revision when it was asked for. It rises with each one, whichever backend took it, which ids and clocks of two backends do not. Absent in
   * documents from before it was kept.
   */
  askedRevision?: number
  /** Of the publication this deployment made. */
  revision?: number
  /** Of the publication that took it back, and the release that is served again; none when there was none before. */
  rollback?: { revision: number; releaseId?: string; version?: string }
  supersededBy?: string
  /** Another one of its lane was open when it came. */
  metOthers?: true
  by: Caller
  requestId: string
  /** Of a call with an Idempotency-Key. */
  callId?: string
  createdAt: Date
  finishedAt?: Date
}

export type NewDeployment = Omit<StoredDeployment, 'fence' | 'isOpen' | 'lane' | 'claimedAt' | 'history'>
export type Ending = Pick<StoredDeployment, 'status' | 'finishedAt'> & Partial<Pick<StoredDeployment, 'error' | 'liveMs' | 'supersededBy'>>

export const laneOf = ({ functionId, environment }: Pick<StoredDeployment, 'functionId' | 'environment'>): string => `${functionId}/${environment}`

/** From when on it could run: what people took to decide is not its time. */
export const dueSince = ({ createdAt, approval }: Pick<StoredDeployment, 'createdAt' | 'approval'>): Date => approval?.approvedAt ?? createdAt

/** When runtimes were first given it. */
export const startedAt = ({ history, createdAt }: Pick<StoredDeployment, 'history' | 'createdAt'>): Date =>
  history.find(({ status }) => status === 'IN_PROGRESS')?.at ?? createdAt

/** What goes one way together, the lead first: a deployment by itself, or all of a set. */
export type Members = readonly [StoredDeployment, ...StoredDeployment[]]

/** Follows the lead of its set, whose claim stands for all of them. */
export const isFollower = ({ _id, setId }: Pick<StoredDeployment, '_id' | 'setId'>): boolean => setId !== undefined && setId !== _id

type Asked = Pick<StoredDeployment, '_id' | 'setId' | 'askedRevision'>

/** Of two of one gateway. All of a set were asked for at one moment. */
export function isAskedLater(one: Asked, other: Asked): boolean {
  const [mine, theirs] = [one, other].map(({ askedRevision = 0 }) => askedRevision) as [number, number]
  return mine === theirs ? (one.setId ?? one._id) > (other.setId ?? other._id) : mine > theirs
}

/**
 * Whether this one has to wait for the other, which is open for the same function and environment. A set needs all its lanes at one moment, so what comes
 * after it waits behind it; of two sets the one that was asked for first goes first, so that they never wait for each other.
 */
export function isBlockedBy(mine: Asked, other: StoredDeployment): boolean {
  if (other._id === mine._id || (other.setId !== undefined && other.setId === mine.setId)) return false
  return other.lane !== undefined || (other.setId !== undefined && isAskedLater(mine, other))
}

/** @returns the deployment that put something newer there: made of a later save, or asked for later. */
export function newerServed(
  { environment, sourceRevision, askedRevision = 0 }: Pick<StoredDeployment, 'environment' | 'sourceRevision' | 'askedRevision'>,
  all: StoredFunction['served'],
): string | undefined {
  const served = all[environment]
  if (!served) return undefined
  const { sourceRevision: theirs, askedRevision: askedTheirs = 0, deploymentId } = served
  const isNewer = sourceRevision !== undefined && theirs !== undefined ? theirs > sourceRevision : askedTheirs > askedRevision
  return isNewer ? deploymentId : undefined
}

/** Longer than a renewal may be late, and short enough that what a dead backend left is taken up within seconds. */
export const claimTtlMs = 3_000
