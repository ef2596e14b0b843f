import * as z from 'zod'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { createToolSchema, toolSchema } from '../tool.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const toolRoutes = {
  createTool: {
    method: 'POST',
    path: '/ai-gateway/mcp-tools',
    summary: 'Offer a function as an MCP tool',
    role: 'user',
    tag: 'tools',
    body: createToolSchema,
    status: 201,
    response: toolSchema,
  },
  listTools: {
    method: 'GET',
    path: '/ai-gateway/mcp-tools',
    summary: 'Your MCP tools, by name',
    role: 'user',
    tag: 'tools',
    query: pageQuerySchema.extend({ gatewayId: z.string().optional() }),
    status: 200,
    response: pageOf(toolSchema),
  },
  deleteTool: {
    method: 'DELETE',
    path: '/ai-gateway/mcp-tools/:toolId',
    summary: 'Withdraw an MCP tool',
    role: 'user',
    tag: 'tools',
    status: 200,
    response: removedSchema,
  },
} as const satisfies Record<string, RouteDefinition>
