import { approveDeploymentSchema, cancelDeploymentSchema, deploymentSchema, rejectDeploymentSchema } from '../deployment.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import type { RouteDefinition } from './route-definition.ts'

export const approvalRoutes = {
  listApprovals: {
    method: 'GET',
    path: '/approvals',
    summary: 'Deployments of all gateways that wait for your approval, newest first',
    role: 'user',
    tag: 'approvals',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(deploymentSchema),
  },
  approveDeployment: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/deployments/:deploymentId/approve',
    summary: 'Say yes; the last yes deploys and answers 200 with how it ended, any before it 202',
    role: 'user',
    tag: 'approvals',
    body: approveDeploymentSchema,
    status: 200,
    alsoAccepted: true,
    response: deploymentSchema,
  },
  rejectDeployment: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/deployments/:deploymentId/reject',
    summary: 'Say no, which ends it',
    role: 'user',
    tag: 'approvals',
    body: rejectDeploymentSchema,
    status: 200,
    response: deploymentSchema,
  },
  cancelDeployment: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/deployments/:deploymentId/cancel',
    summary: 'Take back a deployment of yours that waits for approval',
    role: 'user',
    tag: 'approvals',
    body: cancelDeploymentSchema,
    status: 200,
    response: deploymentSchema,
  },
} as const satisfies Record<string, RouteDefinition>
