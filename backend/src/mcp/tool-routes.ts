import type { CreateTool } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { FunctionLookup, OwnedGateways } from '../functions/function-lookup.ts'
import { orNotThere } from '../gateways/gateway-errors.ts'
import type { Handlers } from '../http/handlers.ts'
import type { MemberStore } from '../members/member-store.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { anyObject, checkInputSchema, parseFunctionUrl, type ToolTarget } from './tool-rules.ts'
import { type StoredTool, type ToolStore, toolCursorKey, toolNotFound } from './tool-store.ts'
import { type McpUrl, toToolView } from './tool-view.ts'
import type { Toolsets } from './toolsets.ts'

export interface ToolRoutesDeps {
  tools: ToolStore
  toolsets: Toolsets
  lookup: FunctionLookup
  gateways: OwnedGateways
  members: Pick<MemberStore, 'readable'>
  mcpUrl: McpUrl
  clock: Clock
}

export function createToolRoutes(deps: ToolRoutesDeps): Pick<Handlers, 'createTool' | 'listTools' | 'deleteTool'> {
  const { tools, toolsets, lookup, gateways, members, mcpUrl, clock } = deps
  return {
    async createTool({ body, account, audit }) {
      const target = targetOf(body)
      audit({ tool: body.name, ...target })
      const inputSchema = body.inputSchema ?? anyObject
      checkInputSchema(inputSchema)
      const { gateway, stored: found } = await lookup.getForChange(target.gatewayId, target.name, account.userId)
      const stored: StoredTool = {
        _id: newId(),
        ownerId: gateway.ownerId,
        gatewayId: gateway.gatewayId,
        environment: target.environment,
        name: body.name,
        description: body.description,
        functionName: found.name,
        inputSchema: JSON.stringify(inputSchema),
        createdAt: clock.now(),
        createdBy: account,
      }
      await tools.insert(stored)
      // Other backends learn of it by the change stream; who asks this one next sees it at once.
      toolsets.forget(stored.gatewayId, stored.environment)
      audit({ toolId: stored._id })
      return toToolView(stored, mcpUrl)
    },
    async listTools({ query, account }) {
      return toPage(await tools.list(await members.readable(account.userId), query), query.limit, toolCursorKey, (row) => toToolView(row, mcpUrl))
    },
    async deleteTool({ params, account, audit }) {
      audit({ toolId: params.toolId })
      const found = await tools.findById(params.toolId)
      if (!found) throw toolNotFound(params.toolId)
      await orNotThere(gateways.getChangeable(found.gatewayId, account.userId), toolNotFound(params.toolId))
      const { gatewayId, environment, name } = await tools.remove(params.toolId)
      toolsets.forget(gatewayId, environment)
      audit({ tool: name, gatewayId, environment })
      return {}
    },
  }
}

function targetOf({ functionUrl, function: named }: CreateTool): ToolTarget {
  if (named) return named
  return parseFunctionUrl(functionUrl ?? '')
}
