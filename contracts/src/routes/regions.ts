import * as z from 'zod'
import { createRegionSchema, patchRegionSchema, regionSchema } from '../region.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const regionRoutes = {
  listRegions: {
    method: 'GET',
    path: '/regions',
    summary: 'Where gateways can be, with the runtimes that live there',
    role: 'user',
    tag: 'regions',
    status: 200,
    response: z.object({ items: z.array(regionSchema) }),
  },
  createRegion: {
    method: 'POST',
    path: '/regions',
    summary: 'A further region; its runtimes are started (administrators)',
    role: 'user',
    tag: 'regions',
    body: createRegionSchema,
    status: 201,
    response: regionSchema,
  },
  patchRegion: {
    method: 'PATCH',
    path: '/regions/:regionId',
    summary: 'Rename or protect a region, or change its base domain, ports and runtimes (administrators)',
    role: 'user',
    tag: 'regions',
    body: patchRegionSchema,
    status: 200,
    response: regionSchema,
  },
  deleteRegion: {
    method: 'DELETE',
    path: '/regions/:regionId',
    summary: 'Remove a region that no gateway uses (administrators)',
    role: 'user',
    tag: 'regions',
    status: 200,
    response: removedSchema,
  },
} as const satisfies Record<string, RouteDefinition>
