import type { InputFault } from '@imprun/contracts'
import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import { toDiagnostics } from '../workspace/diagnostics.ts'

/** What a run found, on its line, until the text changes or is run again. */
export class RunDiagnostics {
  readonly #disposables = new Disposables()
  readonly #collection = this.#disposables.add(vscode.languages.createDiagnosticCollection('imprun run'))

  constructor() {
    this.#disposables.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.scheme === 'file') this.#collection.delete(document.uri)
      }),
    )
  }

  async show(file: string, faults: readonly InputFault[], code: string): Promise<void> {
    const uri = vscode.Uri.file(file)
    this.#collection.set(uri, faults.length === 0 ? [] : await toDiagnostics(uri, faults, code, 'imprun run'))
  }

  dispose(): void {
    this.#disposables.dispose()
  }
}
