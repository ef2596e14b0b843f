import { createNotifierSchema, newNotifierSchema, notificationSchema, notifierSchema, patchNotifierSchema } from '../notifier.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const notifierRoutes = {
  createNotifier: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/notifiers',
    summary: 'Have Telegram, Slack or a webhook told of what happens in a gateway',
    role: 'user',
    tag: 'notifiers',
    body: createNotifierSchema,
    status: 201,
    response: newNotifierSchema,
  },
  listNotifiers: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/notifiers',
    summary: 'Notifiers of a gateway, newest first, without their secrets',
    role: 'user',
    tag: 'notifiers',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(notifierSchema),
  },
  patchNotifier: {
    method: 'PATCH',
    path: '/api-gateways/:gatewayId/notifiers/:notifierId',
    summary: 'Rename, pause or redirect a notifier, or change what it tells',
    role: 'user',
    tag: 'notifiers',
    body: patchNotifierSchema,
    status: 200,
    response: newNotifierSchema,
  },
  deleteNotifier: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId/notifiers/:notifierId',
    summary: 'Remove a notifier and what it still had to tell',
    role: 'user',
    tag: 'notifiers',
    status: 200,
    response: removedSchema,
  },
  testNotifier: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/notifiers/:notifierId/test',
    summary: 'Send a test message now and tell how it went',
    role: 'user',
    tag: 'notifiers',
    status: 200,
    response: notifierSchema,
  },
  listNotifications: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/notifiers/:notifierId/notifications',
    summary: 'What a notifier was to tell in the last days, newest first, and how that went',
    role: 'user',
    tag: 'notifiers',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(notificationSchema),
  },
} as const satisfies Record<string, RouteDefinition>
