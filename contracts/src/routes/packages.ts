import { packagesSchema, putPackagesSchema } from '../packages.ts'
import type { RouteDefinition } from './route-definition.ts'

export const packageRoutes = {
  getPackages: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/packages',
    summary: 'npm packages that the functions of a gateway may import',
    role: 'user',
    tag: 'packages',
    status: 200,
    response: packagesSchema,
  },
  putPackages: {
    method: 'PUT',
    path: '/api-gateways/:gatewayId/packages',
    summary: 'Declare npm packages; answers when they are installed',
    role: 'user',
    tag: 'packages',
    body: putPackagesSchema,
    status: 200,
    response: packagesSchema,
  },
} as const satisfies Record<string, RouteDefinition>
