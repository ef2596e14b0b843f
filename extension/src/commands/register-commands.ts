import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { ErrorReporter } from '../ui/report-error.ts'
import { addressCommands } from './address-commands.ts'
import { applicationCommands } from './application-commands.ts'
import { approvalCommands } from './approval-commands.ts'
import { auditCommands } from './audit-commands.ts'
import { canaryCommands } from './canary-commands.ts'
import type { CommandContext } from './command-context.ts'
import { type CommandId, commandIds, type Handlers } from './command-table.ts'
import { deploymentCommands } from './deployment-commands.ts'
import { environmentCommands } from './environment-commands.ts'
import { functionCommands } from './function-commands.ts'
import { gatewayCommands } from './gateway-commands.ts'
import { historyCommands } from './history-commands.ts'
import { limitCommands } from './limit-commands.ts'
import { logCommands } from './log-commands.ts'
import { memberCommands } from './member-commands.ts'
import { notifierCommands } from './notifier-commands.ts'
import { promoteCommands } from './promote.ts'
import { protectionCommands } from './protection-commands.ts'
import { releaseCommands } from './release-commands.ts'
import { rollbackCommands } from './rollback-commands.ts'
import { runCommands } from './run-commands.ts'
import { sessionCommands } from './session-commands.ts'
import { toolCommands } from './tool-commands.ts'
import { variableCommands } from './variable-commands.ts'

/** Registers every command of the table; one wrapper shows what goes wrong, and runs again when that is asked for and can help. */
export function registerCommands(context: CommandContext, reporter: ErrorReporter): vscode.Disposable {
  const handlers: Handlers = {
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
  }
  const disposables = new Disposables()
  for (const id of commandIds) disposables.add(vscode.commands.registerCommand(id, guard(id, handlers[id] as (...args: unknown[]) => unknown, reporter)))
  return disposables
}

function guard(id: CommandId, run: (...args: unknown[]) => unknown, reporter: ErrorReporter): (...args: unknown[]) => Promise<unknown> {
  const attempt = async (...args: unknown[]): Promise<unknown> => {
    try {
      return await run(...args)
    } catch (error) {
      return (await reporter.report(error, id)) === 'retry' ? attempt(...args) : undefined
    }
  }
  return attempt
}
