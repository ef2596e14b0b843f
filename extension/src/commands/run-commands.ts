import * as vscode from 'vscode'
import { defaultRequest } from '../requests/default-request.ts'
import { describeFaults, describeRun } from '../runs/describe-run.ts'
import type { RunOutcome, RunWish } from '../runs/runner.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { type ChosenFunction, chooseFunction, getFunctionFacts } from './targets.ts'

type Ids = 'imprun.run' | 'imprun.cancelRun' | 'imprun.sendRequest' | 'imprun.openFrame'

export function runCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { runner, t } = context
  return {
    'imprun.run': async (target) => {
      const chosen = await chooseFunction(context, target, t('Run'))
      if (chosen) await run(context, chosen)
    },
    'imprun.cancelRun': (uri) => runner.cancel((uri ?? vscode.window.activeTextEditor?.document.uri)?.fsPath ?? ''),
    'imprun.sendRequest': async (target) => {
      const chosen = await chooseFunction(context, target, t('Send a request to'))
      if (chosen) await context.sendRequestPanel.show(chosen, await keyOf(context, chosen), await getFunctionFacts(context, chosen))
    },
    'imprun.openFrame': async ({ gatewayId, name, line, column }) => {
      const { file } = await context.mirror.bring(gatewayId, name)
      const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1))
      await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(at, at), viewColumn: columnOf(file) })
    },
  }
}

/** The column in which the file is shown already, so that a page beside it stays in sight. */
function columnOf(file: string): vscode.ViewColumn {
  return vscode.window.visibleTextEditors.find(({ document }) => document.uri.fsPath === file)?.viewColumn ?? vscode.ViewColumn.One
}

async function keyOf({ session, t }: CommandContext, { gatewayId, name }: ChosenFunction) {
  const apiUrl = session.current?.backend.apiUrl
  if (!apiUrl) throw new Error(t('Sign in to imprun first.'))
  return { apiUrl, gatewayId, name }
}

/** Runs what stands in the editor, saved or not; without an editor, the file. */
async function run(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { mirror, mirrorStore, requests, runner, t } = context
  const { api } = openSession(context)
  const { gatewayId, functionId, name } = chosen
  const key = await keyOf(context, chosen)
  const file = mirrorStore.file(key)
  const open = () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === file)
  if (!open()) {
    await mirror.bring(gatewayId, functionId)
    await vscode.window.showTextDocument(vscode.Uri.file(file))
  }
  const code = open()?.getText() ?? (await mirrorStore.findText(key)) ?? ''
  const methods = context.statuses.find(file)?.facts?.methods
  const request = (await requests.last(key)) ?? defaultRequest(code, methods)
  const wish: RunWish = { key, functionId, file, code, request }
  const outcome = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: t('Running {0}', name) }, () => runner.run(api, wish))
  await show(context, wish, outcome)
}

async function show({ runDocuments, runDiagnostics, prompts, t }: CommandContext, { key, file, request }: RunWish, outcome: RunOutcome): Promise<void> {
  const { gatewayId, name } = key
  const at = new Date()
  if (outcome.kind === 'cancelled') return prompts.tell(t('The run of {0} was ended.', name))
  if (outcome.kind === 'refused') {
    const faults = outcome.faults.map(({ file: where, line, column, message }) =>
      line ? `${where ?? `${name}.ts`}:${line}:${column ?? 1} ${message}` : message,
    )
    await runDocuments.show(gatewayId, name, describeFaults({ name, at }, outcome.message, faults, t))
    return runDiagnostics.show(file, outcome.faults, outcome.code)
  }
  const { result } = outcome
  await runDocuments.show(gatewayId, name, describeRun({ name, method: request.method, query: request.query, at }, result, t))
  const { error } = result
  const [message = ''] = error?.message.split('\n') ?? []
  await runDiagnostics.show(
    file,
    error?.line ? [{ field: 'code', message, line: error.line, ...(error.column ? { column: error.column } : {}) }] : [],
    error?.code ?? '',
  )
}
