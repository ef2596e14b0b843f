import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'

/** Read-only texts that the extension writes itself, each at an address of its scheme. Writing again renews what is shown. */
export class TextPages implements vscode.Disposable {
  readonly #scheme: string
  readonly #texts = new Map<string, string>()
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly #disposables = new Disposables()

  constructor(scheme: string) {
    this.#scheme = scheme
    this.#disposables.add(this.#changed)
    this.#disposables.add(
      vscode.workspace.registerTextDocumentContentProvider(scheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()) ?? '',
      }),
    )
    this.#disposables.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => uri.scheme === scheme && this.#texts.delete(uri.toString())))
  }

  write(uri: vscode.Uri, text: string): void {
    this.#texts.set(uri.toString(), text)
    this.#changed.fire(uri)
  }

  /** @param name what the tab shows. @param key tells pages of the same name apart */
  async show(name: string, key: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: this.#scheme, path: `/${name}`, query: key })
    this.write(uri, text)
    await vscode.window.showTextDocument(uri, { preview: true })
  }

  dispose(): void {
    this.#disposables.dispose()
  }
}
