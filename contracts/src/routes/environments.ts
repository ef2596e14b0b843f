import { releaseHoldSchema } from '../deployment.ts'
import { environmentDetailSchema, patchEnvironmentSchema } from '../environment.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { revertVariablesSchema, variableVersionSchema } from '../variable.ts'
import type { RouteDefinition } from './route-definition.ts'

export const environmentRoutes = {
  getEnvironment: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/environments/:environment',
    summary: 'One environment',
    role: 'user',
    tag: 'environments',
    status: 200,
    response: environmentDetailSchema,
  },
  patchEnvironment: {
    method: 'PATCH',
    path: '/api-gateways/:gatewayId/environments/:environment',
    summary: 'Change settings and variables; answers when every runtime goes by them',
    role: 'user',
    tag: 'environments',
    body: patchEnvironmentSchema,
    status: 200,
    response: environmentDetailSchema,
  },
  listVariableVersions: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/environments/:environment/variable-versions',
    summary: 'Who changed which variables, newest first; values are not told',
    role: 'user',
    tag: 'environments',
    query: pageQuerySchema.omit({ filter: true }),
    status: 200,
    response: pageOf(variableVersionSchema),
  },
  revertVariables: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/environments/:environment/revert-variables',
    summary: 'Bring all variables of a version back, secrets included; answers when every runtime goes by them',
    role: 'user',
    tag: 'environments',
    body: revertVariablesSchema,
    status: 200,
    response: environmentDetailSchema,
  },
  retryEnvironment: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/environments/:environment/retry',
    summary: 'Try a failing step of this one environment again now, and forget its attempts',
    role: 'user',
    tag: 'environments',
    status: 202,
    response: environmentDetailSchema,
  },
  releaseHold: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/environments/:environment/release-hold',
    summary: 'Let automation deploy to an environment again that a rollback holds',
    role: 'user',
    tag: 'environments',
    body: releaseHoldSchema,
    status: 200,
    response: environmentDetailSchema,
  },
  acknowledgeDrift: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/environments/:environment/acknowledge-drift',
    summary: 'Say that you have seen that published functions were changed by hand',
    role: 'user',
    tag: 'environments',
    status: 200,
    response: environmentDetailSchema,
  },
} as const satisfies Record<string, RouteDefinition>
