import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'

export const runScheme = 'imprun-run'
/** Of VS Code's own; it colours levels, times, numbers and texts. */
export const logLanguage = 'log'

/** The page of each function's last run: one tab per function, beside its code. */
export class RunDocuments {
  readonly #texts = new Map<string, string>()
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly #disposables = new Disposables()

  constructor() {
    this.#disposables.add(this.#changed)
    this.#disposables.add(
      vscode.workspace.registerTextDocumentContentProvider(runScheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#texts.get(uri.path) ?? '',
      }),
    )
    this.#disposables.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => uri.scheme === runScheme && this.#texts.delete(uri.path)))
  }

  static uri(gatewayId: string, name: string): vscode.Uri {
    return vscode.Uri.from({ scheme: runScheme, path: `/${gatewayId}/${name} ${vscode.l10n.t('(run)')}` })
  }

  /** Shows the text beside the code, which keeps the focus. */
  async show(gatewayId: string, name: string, text: string): Promise<void> {
    const uri = RunDocuments.uri(gatewayId, name)
    this.#texts.set(uri.path, text)
    this.#changed.fire(uri)
    if (vscode.window.visibleTextEditors.some(({ document }) => document.uri.toString() === uri.toString())) return
    const document = await vscode.workspace.openTextDocument(uri)
    await vscode.languages.setTextDocumentLanguage(document, logLanguage)
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true })
  }

  dispose(): void {
    this.#disposables.dispose()
  }
}
