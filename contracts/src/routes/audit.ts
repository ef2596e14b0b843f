import { auditQuerySchema, auditRecordSchema } from '../audit.ts'
import { pageOf } from '../paging.ts'
import type { RouteDefinition } from './route-definition.ts'

export const auditRoutes = {
  listGatewayAudit: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/audit',
    summary: 'Who did what in a gateway, and was refused what, newest first; for its owner and admins',
    role: 'user',
    tag: 'audit',
    query: auditQuerySchema,
    status: 200,
    response: pageOf(auditRecordSchema),
  },
  listAudit: {
    method: 'GET',
    path: '/audit',
    summary: 'The same for the whole installation; for its administrators',
    role: 'user',
    tag: 'audit',
    query: auditQuerySchema,
    status: 200,
    response: pageOf(auditRecordSchema),
  },
} as const satisfies Record<string, RouteDefinition>
