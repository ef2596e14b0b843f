import { memberSchema, putMemberSchema } from '../member.ts'
import { pageOf } from '../paging.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const memberRoutes = {
  listMembers: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/members',
    summary: 'Who may do what in a gateway: its owner first, then by name',
    role: 'user',
    tag: 'members',
    status: 200,
    response: pageOf(memberSchema),
  },
  putMember: {
    method: 'PUT',
    path: '/api-gateways/:gatewayId/members/:userId',
    summary: 'Let a person in, or give a member another role',
    role: 'user',
    tag: 'members',
    body: putMemberSchema,
    status: 200,
    response: memberSchema,
  },
  deleteMember: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId/members/:userId',
    summary: 'Take a person out of a gateway; everybody may leave',
    role: 'user',
    tag: 'members',
    status: 200,
    response: removedSchema,
  },
} as const satisfies Record<string, RouteDefinition>
