import { addressCommands } from './address-commands.ts'
import { applicationCommands } from './application-commands.ts'
import { approvalCommands } from './approval-commands.ts'
import { auditCommands } from './audit-commands.ts'
import { bundleCommands } from './bundle-commands.ts'
import { canaryCommands } from './canary-commands.ts'
import type { CommandContext } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { deploymentCommands } from './deployment-commands.ts'
import { environmentCommands } from './environment-commands.ts'
import { functionCommands } from './function-commands.ts'
import { gatewayCommands } from './gateway-commands.ts'
import { historyCommands } from './history-commands.ts'
import { limitCommands } from './limit-commands.ts'
import { logCommands } from './log-commands.ts'
import { memberCommands } from './member-commands.ts'
import { notifierCommands } from './notifier-commands.ts'
import { personCommands } from './person-commands.ts'
import { promoteCommands } from './promote.ts'
import { protectionCommands } from './protection-commands.ts'
import { regionCommands } from './region-commands.ts'
import { releaseCommands } from './release-commands.ts'
import { rollbackCommands } from './rollback-commands.ts'
import { runCommands } from './run-commands.ts'
import { sessionCommands } from './session-commands.ts'
import { toolCommands } from './tool-commands.ts'
import { variableCommands } from './variable-commands.ts'

/** What every command of the table does. */
export const composeHandlers = (context: CommandContext): Handlers => ({
  ...sessionCommands(context),
  ...gatewayCommands(context),
  ...functionCommands(context),
  ...runCommands(context),
  ...logCommands(context),
  ...variableCommands(context),
  ...limitCommands(context),
  ...promoteCommands(context),
  ...protectionCommands(context),
  ...memberCommands(context),
  ...bundleCommands(context),
  ...regionCommands(context),
  ...personCommands(context),
  ...environmentCommands(context),
  ...deploymentCommands(context),
  ...canaryCommands(context),
  ...approvalCommands(context),
  ...rollbackCommands(context),
  ...releaseCommands(context),
  ...addressCommands(context),
  ...historyCommands(context),
  ...applicationCommands(context),
  ...toolCommands(context),
  ...notifierCommands(context),
  ...auditCommands(context),
  'imprun.loadMore': (node) => node.load(),
})
