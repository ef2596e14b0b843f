import { applicationSchema, createApplicationSchema, createGrantSchema, grantSchema, newGrantSchema } from '../application.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const applicationRoutes = {
  createApplication: {
    method: 'POST',
    path: '/applications',
    summary: 'Create an application that will call gateways',
    role: 'user',
    tag: 'applications',
    body: createApplicationSchema,
    status: 201,
    response: applicationSchema,
  },
  listApplications: {
    method: 'GET',
    path: '/applications',
    summary: 'Your applications with their grants, by name',
    role: 'user',
    tag: 'applications',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(applicationSchema),
  },
  deleteApplication: {
    method: 'DELETE',
    path: '/applications/:applicationId',
    summary: 'Revoke every grant of an application and remove it',
    role: 'user',
    tag: 'applications',
    status: 200,
    response: removedSchema,
  },
  createGrant: {
    method: 'POST',
    path: '/application-grants',
    summary: 'Grant an application one environment; the key is in this answer only',
    role: 'user',
    tag: 'applications',
    body: createGrantSchema,
    status: 201,
    response: newGrantSchema,
  },
  revokeGrant: {
    method: 'DELETE',
    path: '/application-grants/:grantId',
    summary: 'Revoke a grant; answers when every runtime refuses the key',
    role: 'user',
    tag: 'applications',
    status: 200,
    response: grantSchema,
  },
} as const satisfies Record<string, RouteDefinition>
