import { createGrants } from '../applications/grants.ts'
import { createDeployments } from '../deployments/deployments.ts'
import { createDriftRepair } from '../deployments/drift.ts'
import { createAddresses } from '../environments/environment-view.ts'
import { createFunctionLookup } from '../functions/function-lookup.ts'
import { createGatewayLifecycle } from '../gateways/gateway-lifecycle.ts'
import { createGatewayViews } from '../gateways/gateway-view.ts'
import type { McpUrl } from '../mcp/tool-view.ts'
import { createToolsets } from '../mcp/toolsets.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { createNotifications } from '../notifications/notifications.ts'
import { createSend } from '../notifications/senders/senders.ts'
import { createDataWatch } from '../quotas/data-watch.ts'
import type { Ground, Parts } from './parts.ts'

/** What works by itself or is shared by routes of several nouns. */
export function composeServices(ground: Ground, parts: Parts) {
  const { environments, gateways, functions, releases, deploymentStore, grants, tools } = parts
  const driver = ground.createDriver({ ...parts, bell: () => ({ url: ground.apiUrl(), token: parts.bellTokens.issue('*') }) })
  const addresses = createAddresses(driver)
  const mcpUrl: McpUrl = (gatewayId, environment) => `${ground.apiUrl()}/mcp/${gatewayId}/${environment}`
  const metrics: Metrics = createMetrics(() => lifecycle.queues)
  const lifecycle = createGatewayLifecycle({
    ...parts,
    watcher: ground.watcher,
    holder: ground.holder,
    driver,
    contents: [functions, releases, deploymentStore, grants, tools, parts.packageStore, parts.variables, parts.members, parts.notifiers, parts.outbox],
    observe(event, kind) {
      metrics.engineEvent(kind, event)
      return ground.observe?.(event)
    },
  })
  const drift = createDriftRepair({ ...parts, watcher: ground.watcher, deployments: deploymentStore })
  const send = createSend({ notifiers: parts.notifiers, clock: ground.clock, settings: ground.notify })
  return {
    driver,
    drift,
    metrics,
    lifecycle,
    addresses,
    mcpUrl,
    gatewayViews: createGatewayViews({ gateways, environments, addresses }),
    send,
    dataWatch: createDataWatch({ ...parts, dataMbPerEnvironment: ground.quotaSettings.dataMbPerEnvironment }),
    notifications: createNotifications({ ...parts, watcher: ground.watcher, deployments: deploymentStore, send }),
    toolsets: createToolsets({ tools, watcher: ground.watcher }),
    grantService: createGrants(parts),
    lookup: createFunctionLookup({ gateways, functions }),
    deployments: createDeployments({ ...parts, deployments: deploymentStore, metrics }),
  }
}
export type Services = ReturnType<typeof composeServices>
