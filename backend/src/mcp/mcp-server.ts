import type { EnvironmentName } from '@imprun/contracts'
import { type CallToolResult, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server'
import { callFunction } from './call-function.ts'
import type { Toolset } from './toolsets.ts'

/** Where one request came in, and as whom. */
export interface Endpoint {
  gatewayId: string
  environment: EnvironmentName
  /** Where its runtime takes requests, when one serves. */
  edgeUrl: string | undefined
  apiKey: string | undefined
  toolset: Toolset
}

const version = '0.1.0'

/** For one request: it only points to the tools that are kept anyway, so it costs nothing to make. */
export function createMcpServer(endpoint: Endpoint): Server {
  const { gatewayId, environment, toolset } = endpoint
  const server = new Server({ name: 'imprun', title: `${gatewayId}/${environment}`, version }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', () => ({ tools: toolset.listed }))
  server.setRequestHandler('tools/call', ({ params }, { mcpReq }) => call(endpoint, params, mcpReq.signal))
  return server
}

async function call(
  { gatewayId, environment, edgeUrl, apiKey, toolset }: Endpoint,
  { name, arguments: input = {} }: { name: string; arguments?: Record<string, unknown> | undefined },
  signal: AbortSignal,
): Promise<CallToolResult> {
  const tool = toolset.byName.get(name)
  if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${name}" here.`)
  const judged = tool.validate(input)
  if (!judged.valid) return { content: [{ type: 'text', text: `The arguments do not fit the input schema: ${judged.errorMessage}` }], isError: true }
  return callFunction(edgeUrl, { gatewayId, environment, functionName: tool.functionName, apiKey, input, signal })
}
