import { z } from 'zod'
import { deploymentSchema, deploymentStatuses, rollbackFunctionSchema } from '../deployment.ts'
import { deployToStageSchema, promoteFunctionSchema, publishFunctionSchema } from '../function.ts'
import { environmentNameSchema } from '../names.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { releaseComparisonSchema, releaseSchema } from '../release.ts'
import type { RouteDefinition } from './route-definition.ts'

export const deploymentRoutes = {
  publishFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/publish',
    summary: 'Publish the saved code to an environment; answers when it is served',
    role: 'user',
    tag: 'deployments',
    body: publishFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  rollbackFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/rollback',
    summary: 'Serve a release again that the environment had before, and hold the environment against automation',
    role: 'user',
    tag: 'deployments',
    body: rollbackFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  promoteFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/promote',
    summary: 'Put the release that one environment serves into the next',
    role: 'user',
    tag: 'deployments',
    body: promoteFunctionSchema,
    status: 200,
    response: deploymentSchema,
  },
  deployToStage: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/deploy-to-stage',
    summary: 'The same, naming the source in the function: <environment>/<name>',
    role: 'user',
    tag: 'deployments',
    body: deployToStageSchema,
    status: 200,
    response: deploymentSchema,
  },
  listReleases: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases',
    summary: 'Releases of a function, newest first, without source',
    role: 'user',
    tag: 'deployments',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(releaseSchema),
  },
  getRelease: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases/:releaseId',
    summary: 'One release with its source',
    role: 'user',
    tag: 'deployments',
    status: 200,
    response: releaseSchema,
  },
  compareReleases: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/releases/:releaseId/comparison',
    summary: 'What changed from another release to this one',
    role: 'user',
    tag: 'functions',
    query: z.object({ from: z.string() }),
    status: 200,
    response: releaseComparisonSchema,
  },
  listDeployments: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/deployments',
    summary: 'History of a function, newest first',
    role: 'user',
    tag: 'deployments',
    query: pageQuerySchema.extend({ environment: environmentNameSchema.optional(), status: z.enum(deploymentStatuses).optional() }),
    status: 200,
    response: pageOf(deploymentSchema),
  },
  listGatewayDeployments: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/deployments',
    summary: 'History of a gateway, newest first',
    role: 'user',
    tag: 'deployments',
    query: pageQuerySchema.extend({ environment: environmentNameSchema.optional(), status: z.enum(deploymentStatuses).optional() }),
    status: 200,
    response: pageOf(deploymentSchema),
  },
} as const satisfies Record<string, RouteDefinition>
