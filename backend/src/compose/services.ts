import { createGrants } from '../applications/grants.ts'
import { createApprovalWatch } from '../approvals/approval-watch.ts'
import { createApprovals } from '../approvals/approvals.ts'
import { createGuardProtected } from '../approvals/guard-protected.ts'
import { createKeepApprovers } from '../approvals/keep-approvers.ts'
import { createProtect } from '../approvals/protect.ts'
import { createDeployments } from '../deployments/deployments.ts'
import { createDriftRepair } from '../deployments/drift.ts'
import { createAddresses } from '../environments/environment-view.ts'
import { createFunctionLookup } from '../functions/function-lookup.ts'
import { createGatewayLifecycle } from '../gateways/gateway-lifecycle.ts'
import { createGatewayViews } from '../gateways/gateway-view.ts'
import { createLeftoverRecord } from '../gateways/leftover-record.ts'
import type { McpUrl } from '../mcp/tool-view.ts'
import { createToolsets } from '../mcp/toolsets.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { createNotifications } from '../notifications/notifications.ts'
import { createSend } from '../notifications/senders/senders.ts'
import { createDataWatch } from '../quotas/data-watch.ts'
import { createRegionChecks, withRegionFaults } from '../regions/region-checks.ts'
import { createRetention } from '../releases/retention.ts'
import type { Ground, Parts } from './parts.ts'
import { composeRuntimes } from './runtimes.ts'

/** What works by itself or is shared by routes of several nouns. */
export function composeServices(ground: Ground, parts: Parts) {
  const { environments, gateways, functions, releases, deploymentStore, grants, tools } = parts
  const { pool, directory, placement, registry } = composeRuntimes(ground, parts, () => lifecycle.wakeEnvironments())
  const addresses = createAddresses(directory, pool)
  const regionChecks = createRegionChecks({ directory, accounts: parts.accounts })
  const mcpUrl: McpUrl = (gatewayId, environment) => `${ground.apiUrl()}/mcp/${gatewayId}/${environment}`
  const metrics: Metrics = createMetrics(() => lifecycle.queues)
  const lifecycle = createGatewayLifecycle({
    ...parts,
    watcher: ground.watcher,
    holder: ground.holder,
    pool,
    placement,
    recordLeftovers: createLeftoverRecord(parts),
    limits: { lockTtlMs: ground.lockMs, renewEveryMs: ground.lockMs / 3 },
    contents: [
      ...[functions, releases, deploymentStore, grants, tools, parts.packageStore],
      ...[parts.variables, parts.variableHistory, parts.members, parts.notifiers, parts.outbox],
    ],
    observe(event, kind) {
      metrics.engineEvent(kind, event)
      return ground.observe?.(event)
    },
  })
  const retention = createRetention({ ...parts, deployments: deploymentStore })
  const drift = createDriftRepair({ ...parts, watcher: ground.watcher, deployments: deploymentStore })
  const send = createSend({ notifiers: parts.notifiers, clock: ground.clock, settings: ground.notify })
  const deployments = createDeployments({
    ...parts,
    environments: withRegionFaults(environments, regionChecks),
    deployments: deploymentStore,
    metrics,
    retention,
  })
  const approvals = createApprovals({ ...parts, deployments })
  return {
    pool,
    directory,
    registry,
    drift,
    retention,
    metrics,
    lifecycle,
    addresses,
    regionChecks,
    mcpUrl,
    gatewayViews: createGatewayViews({ gateways, environments, addresses, clock: parts.clock }),
    send,
    dataWatch: createDataWatch({ ...parts, dataMbPerEnvironment: ground.quotaSettings.dataMbPerEnvironment }),
    notifications: createNotifications({ ...parts, watcher: ground.watcher, deployments: deploymentStore, send }),
    toolsets: createToolsets({ tools, watcher: ground.watcher }),
    grantService: createGrants(parts),
    protect: createProtect(parts),
    keepApprovers: createKeepApprovers(parts),
    guardProtected: createGuardProtected(parts),
    lookup: createFunctionLookup({ gateways, functions }),
    deployments,
    approvals,
    approvalWatch: createApprovalWatch({ ...parts, approvals }),
  }
}
export type Services = ReturnType<typeof composeServices>
