import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { ErrorReporter } from '../ui/report-error.ts'
import type { CommandContext } from './command-context.ts'
import { type CommandId, commandIds } from './command-table.ts'

/** Registers every command of the table; one wrapper shows what goes wrong, and runs again when that is asked for and can help. */
export function registerCommands(context: CommandContext, reporter: ErrorReporter): vscode.Disposable {
  // Loaded with the first command, so that the extension's start does not pay for what each of them needs.
  const handlers = once(async () => (await import('./handlers.ts')).composeHandlers(context))
  const disposables = new Disposables()
  for (const id of commandIds)
    disposables.add(
      vscode.commands.registerCommand(
        id,
        guard(id, async (...args) => ((await handlers())[id] as (...args: unknown[]) => unknown)(...args), reporter),
      ),
    )
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

function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined
  return () => {
    made ??= make()
    return made
  }
}
