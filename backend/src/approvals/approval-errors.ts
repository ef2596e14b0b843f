import { type Deployment, ImprunError } from '@imprun/contracts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'

type Ended = NonNullable<Deployment['error']>

export const deploymentNotFound = (deploymentId: string) => new ImprunError('DEPLOYMENT_NOT_FOUND', `This gateway has no deployment ${deploymentId}.`)

export const notAwaited = ({ status, functionName, environment }: StoredDeployment) =>
  new ImprunError('APPROVAL_NOT_AWAITED', `The deployment of "${functionName}" to ${environment} does not wait for approval: it is ${status}.`, {
    facts: { status },
  })

export const approvedByAuthor = () =>
  new ImprunError('FORBIDDEN', 'You asked for this deployment, so somebody else has to decide on it. You may cancel it.', { facts: { reason: 'author' } })

export const notAmongApprovers = (environment: string) =>
  new ImprunError('FORBIDDEN', `${environment} names who may approve, and you are not among them.`, { facts: { reason: 'approvers' } })

export const notYoursToCancel = () =>
  new ImprunError(
    'FORBIDDEN',
    'Only who asked for this deployment, and the owner and admins of its gateway, may cancel it. You may reject it if you may approve it.',
  )

export const rejected = (by: string, reason: string): Ended => ({ code: 'APPROVAL_REJECTED', detail: `${by} rejected it: ${reason}` })

export const expired = (): Ended => ({ code: 'APPROVAL_EXPIRED', detail: 'Nobody gave the last approval in time. Deploy it again to ask again.' })

export const voided = (why: string): Ended => ({
  code: 'APPROVAL_VOID',
  detail: `${why} What was approved is not what would be deployed now: deploy again to ask again.`,
})

export const cancelled = (by: string, reason: string | undefined): Ended => ({
  code: 'DEPLOYMENT_CANCELLED',
  detail: reason === undefined ? `${by} cancelled it.` : `${by} cancelled it: ${reason}`,
})
