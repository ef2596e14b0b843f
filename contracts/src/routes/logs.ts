import { logEntrySchema, logQuerySchema, logTailEventSchema } from '../log.ts'
import { pageOf } from '../paging.ts'
import type { RouteDefinition } from './route-definition.ts'

export const logRoutes = {
  listLogs: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId/logs',
    summary: 'What the function logged, newest first; as an event stream, what it logs from now on',
    role: 'user',
    tag: 'logs',
    query: logQuerySchema,
    status: 200,
    response: pageOf(logEntrySchema),
    tail: logTailEventSchema,
  },
  listGatewayLogs: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/logs',
    summary: 'What the functions of a gateway logged, newest first; as an event stream, what they log from now on',
    role: 'user',
    tag: 'logs',
    query: logQuerySchema,
    status: 200,
    response: pageOf(logEntrySchema),
    tail: logTailEventSchema,
  },
} as const satisfies Record<string, RouteDefinition>
