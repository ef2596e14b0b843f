import * as vscode from 'vscode'
import { TextPages } from '../ui/text-pages.ts'

export const runScheme = 'imprun-run'
/** Of VS Code's own; it colours levels, times, numbers and texts. */
export const logLanguage = 'log'

/** The page of each function's last run: one tab per function, beside its code. */
export class RunDocuments {
  readonly #pages = new TextPages(runScheme)

  static uri(gatewayId: string, name: string): vscode.Uri {
    return vscode.Uri.from({ scheme: runScheme, path: `/${gatewayId}/${name} ${vscode.l10n.t('(run)')}` })
  }

  /** Shows the text beside the code, which keeps the focus. */
  async show(gatewayId: string, name: string, text: string): Promise<void> {
    const uri = RunDocuments.uri(gatewayId, name)
    this.#pages.write(uri, text)
    if (vscode.window.visibleTextEditors.some(({ document }) => document.uri.toString() === uri.toString())) return
    const document = await vscode.workspace.openTextDocument(uri)
    await vscode.languages.setTextDocumentLanguage(document, logLanguage)
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true })
  }

  dispose(): void {
    this.#pages.dispose()
  }
}
