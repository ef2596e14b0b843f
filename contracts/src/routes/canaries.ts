import { abortCanarySchema, deploymentSchema } from '../deployment.ts'
import type { RouteDefinition } from './route-definition.ts'

export const canaryRoutes = {
  promoteCanary: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/deployments/:deploymentId/canary/promote',
    summary: 'Serve the candidate of a canary to all callers now; answers when it is served',
    role: 'user',
    tag: 'deployments',
    status: 200,
    alsoAccepted: true,
    response: deploymentSchema,
  },
  abortCanary: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/deployments/:deploymentId/canary/abort',
    summary: 'Take the candidate of a canary away; answers when all callers have the release before again',
    role: 'user',
    tag: 'deployments',
    body: abortCanarySchema,
    status: 200,
    alsoAccepted: true,
    response: deploymentSchema,
  },
} as const satisfies Record<string, RouteDefinition>
