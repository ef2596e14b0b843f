import * as z from 'zod'
import { accessTokenSchema, accountSchema, createAccessTokenSchema, createUserSchema, newAccessTokenSchema, newUserSchema, userSchema } from '../account.ts'
import { eventSchema } from '../event.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const accountRoutes = {
  getAccount: {
    method: 'GET',
    path: '/account',
    summary: 'Who the access token belongs to',
    role: 'user',
    tag: 'account',
    status: 200,
    response: accountSchema,
  },
  createAccessToken: {
    method: 'POST',
    path: '/access-tokens',
    summary: 'A further access token; its text is in this one answer only',
    role: 'user',
    tag: 'account',
    body: createAccessTokenSchema,
    status: 201,
    response: newAccessTokenSchema,
  },
  listAccessTokens: {
    method: 'GET',
    path: '/access-tokens',
    summary: 'Your access tokens, without their text',
    role: 'user',
    tag: 'account',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(accessTokenSchema),
  },
  revokeAccessToken: {
    method: 'DELETE',
    path: '/access-tokens/:tokenId',
    summary: 'Let nobody in with this token any more',
    role: 'user',
    tag: 'account',
    status: 200,
    response: removedSchema,
  },
  createUser: {
    method: 'POST',
    path: '/users',
    summary: 'A further person; the first access token is in this one answer only',
    role: 'user',
    tag: 'account',
    body: createUserSchema,
    status: 201,
    response: newUserSchema,
  },
  listUsers: {
    method: 'GET',
    path: '/users',
    summary: 'The people of this installation, by name',
    role: 'user',
    tag: 'account',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(userSchema),
  },
  watchEvents: {
    method: 'GET',
    path: '/events',
    summary: 'Everything that changes in your gateways, as it happens',
    role: 'user',
    tag: 'account',
    query: z.object({}),
    status: 200,
    response: eventSchema,
    kind: 'events',
  },
} as const satisfies Record<string, RouteDefinition>
