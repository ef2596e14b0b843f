import { inputSchemaSchema, type Tool } from '@imprun/contracts'
import type { StoredTool, ToolStore } from './tool-store.ts'

/** Address of the endpoint that offers the tools of an environment. */
export type McpUrl = (gatewayId: string, environment: string) => string

export const parseInputSchema = ({ inputSchema }: StoredTool): Tool['inputSchema'] => inputSchemaSchema.parse(JSON.parse(inputSchema))

export const toToolView = (stored: StoredTool, mcpUrl: McpUrl): Tool => ({
  toolId: stored._id,
  gatewayId: stored.gatewayId,
  environment: stored.environment,
  name: stored.name,
  description: stored.description,
  functionName: stored.functionName,
  inputSchema: parseInputSchema(stored),
  mcpUrl: mcpUrl(stored.gatewayId, stored.environment),
  createdAt: stored.createdAt.toISOString(),
  createdBy: stored.createdBy.name,
})

/** For events. */
export async function findToolView(tools: ToolStore, mcpUrl: McpUrl, toolId: string): Promise<{ ownerId: string; tool: Tool } | undefined> {
  const stored = await tools.findById(toolId)
  return stored && { ownerId: stored.ownerId, tool: toToolView(stored, mcpUrl) }
}
