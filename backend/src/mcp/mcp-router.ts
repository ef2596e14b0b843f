import { type EnvironmentName, environmentNames, ImprunError, isWellFormedApiKey } from '@imprun/contracts'
import { type NodeMcpRequestHandler, toNodeHandler } from '@modelcontextprotocol/node'
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server'
import { type Request, type RequestHandler, Router } from 'express'
import type { GrantStore } from '../applications/grant-store.ts'
import { hashApiKey } from '../applications/grants.ts'
import type { Log } from '../platform/log.ts'
import { createMcpServer, type Endpoint } from './mcp-server.ts'
import type { Toolsets } from './toolsets.ts'

export interface McpDeps {
  toolsets: Toolsets
  environments: { find(gatewayId: string, environment: string): Promise<{ authType: 'none' | 'key-auth'; state: string; runtimeId?: string } | undefined> }
  grants: Pick<GrantStore, 'isAccepted'>
  /** `http://localhost:<edge port>` of the environment's runtime, when one serves. */
  edgeUrl(environment: { runtimeId?: string }): string | undefined
  log: Log
}

/** One message; tools take arguments, not files. */
const bodyBytesMax = 1024 * 1024

/**
 * The MCP endpoint of every environment, at `/<gatewayId>/<environment>` below where it is mounted: Streamable HTTP, in the stateless form of
 * 2026-07-28 and in the handshake of the revisions before. Host and Origin are judged before, for the whole backend.
 */
export function createMcpRouter({ toolsets, environments, grants, edgeUrl, log }: McpDeps): RequestHandler {
  const onerror = (error: Error) => log.debug({ error }, 'An MCP request was refused')
  const handler = createMcpHandler(({ authInfo }) => createMcpServer(endpointOf(authInfo)), {
    legacy: 'stateless',
    onerror,
    maxRequestBodySize: bodyBytesMax,
  })
  const serve: NodeMcpRequestHandler = toNodeHandler(handler, { onerror, maxRequestBodySize: bodyBytesMax })

  /** @throws GATEWAY_NOT_FOUND or API_KEY_REQUIRED, each the same whatever the reason. */
  const enter = async (req: Request): Promise<Endpoint> => {
    const gatewayId = String(req.params.gatewayId)
    const environment = environmentNames.find((name) => name === req.params.environment)
    const found = environment && (await environments.find(gatewayId, environment))
    if (!environment || !found || found.state === 'deleted') throw new ImprunError('GATEWAY_NOT_FOUND', 'There is no such gateway or environment.')
    const apiKey = keyOf(req)
    if (found.authType === 'key-auth' && !(await isAccepted(gatewayId, environment, apiKey))) throw keyRequired()
    return { gatewayId, environment, edgeUrl: edgeUrl(found), apiKey, toolset: await toolsets.get(gatewayId, environment) }
  }

  const isAccepted = async (gatewayId: string, environment: EnvironmentName, key: string | undefined) =>
    key !== undefined && isWellFormedApiKey(key) && (await grants.isAccepted(gatewayId, environment, hashApiKey(key)))

  const router = Router({ caseSensitive: true })
  router.all('/:gatewayId/:environment', async (req, res) => {
    const endpoint = await enter(req)
    await serve(Object.assign(req, { auth: toAuthInfo(endpoint) }), res)
  })
  return router
}

const keyRequired = () =>
  new ImprunError(
    'API_KEY_REQUIRED',
    'This environment asks for a key. Send one that was granted for it in the header "apikey", or as "Authorization: Bearer <key>".',
  )

function keyOf({ headers }: Request): string | undefined {
  const { apikey, authorization } = headers
  if (typeof apikey === 'string') return apikey
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** The SDK hands this through to the factory of servers; of its fields only `extra` is ours to fill. */
const toAuthInfo = (endpoint: Endpoint): AuthInfo => ({ token: '', clientId: '', scopes: [], extra: { endpoint } })

function endpointOf(authInfo: AuthInfo | undefined): Endpoint {
  const endpoint = authInfo?.extra?.endpoint
  if (!endpoint) throw new Error('An MCP request came without its endpoint.')
  return endpoint as Endpoint
}
