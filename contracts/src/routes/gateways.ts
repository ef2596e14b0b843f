import * as z from 'zod'
import { eventSchema } from '../event.ts'
import { createGatewaySchema, deleteGatewayQuerySchema, gatewaySchema, patchGatewaySchema } from '../gateway.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import type { RouteDefinition } from './route-definition.ts'

export const gatewayRoutes = {
  createGateway: {
    method: 'POST',
    path: '/api-gateways',
    summary: 'Create a gateway with its three environments',
    role: 'user',
    tag: 'gateways',
    body: createGatewaySchema,
    status: 202,
    response: gatewaySchema,
  },
  listGateways: {
    method: 'GET',
    path: '/api-gateways',
    summary: 'Your gateways, by name',
    role: 'user',
    tag: 'gateways',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(gatewaySchema),
  },
  getGateway: { method: 'GET', path: '/api-gateways/:gatewayId', summary: 'One gateway', role: 'user', tag: 'gateways', status: 200, response: gatewaySchema },
  patchGateway: {
    method: 'PATCH',
    path: '/api-gateways/:gatewayId',
    summary: 'Rename, stop or start a gateway, or switch its pipeline',
    role: 'user',
    tag: 'gateways',
    body: patchGatewaySchema,
    status: 202,
    response: gatewaySchema,
  },
  deleteGateway: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId',
    summary: 'Delete a gateway with its environments, databases and users',
    role: 'user',
    tag: 'gateways',
    query: deleteGatewayQuerySchema,
    status: 202,
    response: gatewaySchema,
  },
  watchGatewayEvents: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/events',
    summary: 'Everything that changes in one gateway',
    role: 'user',
    tag: 'gateways',
    query: z.object({}),
    status: 200,
    response: eventSchema,
    kind: 'events',
  },
  retryGateway: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/retry',
    summary: 'Try a failing step again now, and forget its attempts',
    role: 'user',
    tag: 'gateways',
    status: 202,
    response: gatewaySchema,
  },
} as const satisfies Record<string, RouteDefinition>
