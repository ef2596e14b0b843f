import { createAccountRoutes } from '../accounts/account-routes.ts'
import { createUserRoutes } from '../accounts/user-routes.ts'
import { createApplicationRoutes } from '../applications/application-routes.ts'
import { findApplicationView } from '../applications/application-view.ts'
import { createApprovalRoutes } from '../approvals/approval-routes.ts'
import { createAuditRoutes } from '../audit/audit-routes.ts'
import { createCanaryRoutes } from '../canaries/canary-routes.ts'
import { createDeploymentRoutes } from '../deployments/deployment-routes.ts'
import { findDeploymentView } from '../deployments/deployment-view.ts'
import { createSetRoutes } from '../deployments/set-routes.ts'
import { createEnvironmentRoutes } from '../environments/environment-routes.ts'
import type { EventViews } from '../events/event-source.ts'
import { createFunctionRoutes } from '../functions/function-routes.ts'
import { findFunctionView } from '../functions/function-view.ts'
import { createGatewayRoutes } from '../gateways/gateway-routes.ts'
import type { Handlers } from '../http/handlers.ts'
import { type LogDocument, toLogEntry } from '../logs/log-entry.ts'
import type { LogRoutes } from '../logs/log-routes.ts'
import { createToolRoutes } from '../mcp/tool-routes.ts'
import { findToolView } from '../mcp/tool-view.ts'
import { createMemberRoutes } from '../members/member-routes.ts'
import { createNotifierRoutes } from '../notifications/notifier-routes.ts'
import { createPackageRoutes } from '../packages/package-routes.ts'
import { createRegionRoutes } from '../regions/region-routes.ts'
import { createReleaseRoutes } from '../releases/release-routes.ts'
import { createRunRoutes } from '../runs/run-routes.ts'
import type { Parts } from './parts.ts'
import type { Services } from './services.ts'

export const composeHandlers = (parts: Parts, services: Services): Omit<Handlers, keyof LogRoutes['pages']> => ({
  ...createAccountRoutes(parts),
  ...createUserRoutes(parts),
  ...createMemberRoutes({ ...parts, ...services }),
  ...createRegionRoutes({ ...parts, ...services, defaults: parts.regionDefaults }),
  ...createGatewayRoutes({ ...parts, ...services, views: services.gatewayViews }),
  ...createEnvironmentRoutes({ ...parts, ...services, runtimes: parts.acknowledgements }),
  ...createFunctionRoutes({ ...parts, ...services }),
  ...createPackageRoutes(parts),
  ...createRunRoutes({ ...parts, ...services }),
  ...createReleaseRoutes({ ...parts, ...services }),
  ...createDeploymentRoutes({ ...parts, ...services }),
  ...createCanaryRoutes({ ...parts, ...services }),
  ...createSetRoutes({ ...parts, ...services }),
  ...createApprovalRoutes(services),
  ...createApplicationRoutes({ ...parts, ...services }),
  ...createToolRoutes({ ...parts, ...services }),
  ...createNotifierRoutes({ ...parts, ...services }),
  ...createAuditRoutes(parts),
})

export const composeEventViews = (parts: Parts, { gatewayViews, mcpUrl }: Services): EventViews => ({
  gateway: (gatewayId) => gatewayViews.find(gatewayId),
  function: (functionId) => findFunctionView(parts.functions, parts, functionId),
  deployment: (deploymentId) => findDeploymentView(parts.deploymentStore, deploymentId),
  application: (applicationId) => findApplicationView(parts, applicationId),
  tool: (toolId) => findToolView(parts.tools, mcpUrl, toolId),
  log: (gatewayId, document) => toLogEntry(gatewayId, document as unknown as LogDocument),
})
