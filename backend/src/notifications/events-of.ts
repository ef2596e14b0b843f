import type { EnvironmentName, NotificationEvent, NotificationType } from '@imprun/contracts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import { attemptsBeforeStalled } from '../phases/backoff.ts'
import type { StoredError } from '../phases/phase-document.ts'

/** An event that rules can let through; `test` is nobody's rule. */
export type Happening = NotificationEvent & { type: NotificationType }

type DeploymentFacts = Pick<
  StoredDeployment,
  '_id' | 'gatewayId' | 'environment' | 'functionName' | 'version' | 'message' | 'history' | 'status' | 'by' | 'reason' | 'error' | 'createdAt' | 'finishedAt'
> & { approval?: { required: number } }

const typeOfEnd: Partial<Record<StoredDeployment['status'], NotificationType>> = {
  SUCCESS: 'deployment.succeeded',
  FAILED: 'deployment.failed',
  ROLLED_BACK: 'deployment.rolled_back',
  SUPERSEDED: 'deployment.superseded',
}

/**
 * Everything that has happened to a deployment so far that somebody may want to be told of. Made of the document alone, so whoever reads it at any time
 * finds the same events with the same ids.
 */
export function eventsOfDeployment(deployment: DeploymentFacts): Happening[] {
  const { _id, gatewayId, environment, functionName, version, by, reason, status, finishedAt, error } = deployment
  const data = { gatewayId, environment, functionName, deploymentId: _id, version, by: by.name, ...(reason === undefined ? {} : { reason }) }
  const what = `${functionName} ${version} in ${environment}`
  const event = (type: NotificationType, at: Date, message: string): Happening => ({
    id: `${_id}.${type}`,
    type,
    timestamp: at.toISOString(),
    data: { ...data, message },
  })
  const happened: Happening[] = []
  if (deployment.approval) {
    const { required } = deployment.approval
    happened.push(event('approval.requested', deployment.createdAt, `${what} waits for ${required === 1 ? 'an approval' : `${required} approvals`}`))
  }
  const started = deployment.history.find((step) => step.status === 'IN_PROGRESS')
  if (started) happened.push(event('deployment.started', started.at, `${what} is being deployed`))
  const end = finishedAt && typeOfEnd[status]
  if (end) happened.push(event(end, finishedAt, error ? `${what}: ${status}. ${error.detail}` : `${what}: ${status}. ${deployment.message}`))
  return happened
}

interface PhaseFacts {
  _id: string
  gatewayId: string
  environment?: EnvironmentName
  isStalled: boolean
  attempts: number
  lastError?: Pick<StoredError, 'at' | 'message'>
  drifted?: { at: Date; functions: readonly string[] }
}

/** What a gateway's or an environment's document says of itself that its people should look at. */
export function eventsOfPhases({ _id, gatewayId, environment, isStalled, attempts, lastError, drifted }: PhaseFacts): Happening[] {
  const data = { gatewayId, ...(environment ? { environment } : {}) }
  const place = environment ? `${gatewayId}/${environment}` : gatewayId
  const happened: Happening[] = []
  // Told once per row of failures: by the one that made it stall.
  if (isStalled && lastError && attempts === attemptsBeforeStalled) {
    const message = `${place} is stalled after ${attempts} attempts. ${lastError.message}`
    const type = environment ? 'environment.stalled' : 'gateway.stalled'
    happened.push({ id: `${_id}.stalled.${lastError.at.getTime()}`, type, timestamp: lastError.at.toISOString(), data: { ...data, message } })
  }
  if (drifted) {
    const message = `${place}: ${drifted.functions.join(', ')} was changed by hand and has been put back`
    happened.push({
      id: `${_id}.drifted.${drifted.at.getTime()}`,
      type: 'environment.drifted',
      timestamp: drifted.at.toISOString(),
      data: { ...data, message },
    })
  }
  return happened
}
