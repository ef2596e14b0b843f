import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { Runner } from '../runs/runner.ts'
import { findDefaultExport } from './default-export.ts'
import { describeStatus, devVersion, servedIn } from './describe-status.ts'
import type { FileStatuses } from './file-status.ts'

/** Over the default export: what dev answers with, and what one does next. */
export function registerCodeLenses(statuses: FileStatuses, runner: Runner): vscode.Disposable {
  const disposables = new Disposables()
  const changed = disposables.add(new vscode.EventEmitter<void>())
  disposables.add(statuses.onChanged(() => changed.fire()))
  disposables.add(runner.onChanged(() => changed.fire()))
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses(document) {
      const status = statuses.find(document.uri.fsPath)
      const offset = status ? findDefaultExport(document.getText()) : undefined
      if (!status || offset === undefined) return []
      const start = document.positionAt(offset)
      const lens = (title: string, command: string, tooltip: string) =>
        new vscode.CodeLens(new vscode.Range(start, start), { title, command, tooltip, arguments: [document.uri] })
      const { icon, text, tooltip, isFault } = describeStatus(status, vscode.l10n.t)
      const version = devVersion(status)
      const state = `$(${icon})\u00a0dev: ${text}${version ? ` · ${version}` : ''}`
      const lenses = [lens(state, isFault ? 'workbench.actions.view.problems' : 'imprun.showHistory', tooltip)]
      if (runner.isRunning(document.uri.fsPath))
        lenses.push(lens(`$(sync~spin)\u00a0${vscode.l10n.t('Running, press to end')}`, 'imprun.cancelRun', vscode.l10n.t('Ends the run.')))
      else lenses.push(lens(vscode.l10n.t('Run'), 'imprun.run', vscode.l10n.t('Runs this text once against dev. Nothing is saved or published.')))
      lenses.push(lens(vscode.l10n.t('Send request'), 'imprun.sendRequest', vscode.l10n.t('Calls what an environment serves.')))
      if (status.state.kind === 'unpublished') lenses.push(lens(vscode.l10n.t('Publish to dev'), 'imprun.publish', vscode.l10n.t('Saving does the same.')))
      if (servedIn(status.facts, 'dev')) lenses.push(lens(vscode.l10n.t('Promote to staging'), 'imprun.promote', vscode.l10n.t('Shows the difference first.')))
      lenses.push(lens(vscode.l10n.t('Copy curl'), 'imprun.copyCurl', vscode.l10n.t('A command that calls this function in dev.')))
      return lenses
    },
  }
  disposables.add(vscode.languages.registerCodeLensProvider([{ scheme: 'file', language: 'typescript' }], provider))
  return disposables
}
