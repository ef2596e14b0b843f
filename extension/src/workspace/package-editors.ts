import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { Prompts } from '../ui/prompts.ts'
import type { PackageFile, PackageOutcome } from './package-file.ts'

/** A saved package.json of a gateway is installed; what is wrong stands on its lines. */
export function watchPackageEditors(packages: PackageFile, prompts: Prompts): vscode.Disposable {
  const { t } = vscode.l10n
  const disposables = new Disposables()
  const collection = disposables.add(vscode.languages.createDiagnosticCollection('imprun packages'))
  const install = async (document: vscode.TextDocument, gatewayId: string) => {
    const outcome = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: t('Installing the packages of {0}', gatewayId) },
      () => packages.save(gatewayId, document.getText()),
    )
    collection.set(document.uri, toDiagnostics(document, outcome))
    if ('packages' in outcome) {
      const versions = outcome.packages.resolved.map(({ name, version }) => `${name} ${version}`)
      prompts.tell(versions.length === 0 ? t('{0} has no packages now.', gatewayId) : t('Installed: {0}', versions.join(', ')))
    } else if (outcome.faults.length === 0) {
      void prompts.offer('error', outcome.detail)
    }
  }
  disposables.add(
    vscode.workspace.onDidSaveTextDocument((document) => {
      const gatewayId = document.uri.scheme === 'file' ? packages.gatewayOf(document.uri.fsPath) : undefined
      if (gatewayId) void install(document, gatewayId)
    }),
  )
  return disposables
}

function toDiagnostics(document: vscode.TextDocument, outcome: PackageOutcome): vscode.Diagnostic[] {
  if ('packages' in outcome) return []
  const faults = outcome.faults.length > 0 ? outcome.faults : [{ message: outcome.detail, line: 1, column: 1, length: 1 }]
  return faults.map(({ message, line = 1, column = 1, length = 1 }) => {
    const start = document.validatePosition(new vscode.Position(line - 1, column - 1))
    const diagnostic = new vscode.Diagnostic(new vscode.Range(start, start.translate(0, length)), message, vscode.DiagnosticSeverity.Error)
    diagnostic.source = 'imprun'
    diagnostic.code = outcome.code
    return diagnostic
  })
}
