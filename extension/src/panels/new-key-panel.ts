import { type NewKeyToWebview, newKeyToHostSchema } from '@imprun/contracts/webviews/new-key'
import * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import { webviewHtml } from './webview-html.ts'

export interface NewKey {
  readonly application: string
  /** Gateway and environment that it opens. */
  readonly target: string
  readonly apiKey: string
  readonly curl: string
}

/** Shows a key once: it lives in this panel and nowhere else, and closing the panel forgets it. */
export class NewKeyPanel {
  readonly #extensionUri: vscode.Uri
  readonly #log: Log

  constructor(extensionUri: vscode.Uri, log: Log) {
    this.#extensionUri = extensionUri
    this.#log = log
  }

  show(key: NewKey): void {
    const root = vscode.Uri.joinPath(this.#extensionUri, 'dist', 'webviews')
    const panel = vscode.window.createWebviewPanel('imprun.newKey', vscode.l10n.t('New key for {0}', key.application), vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [root],
      // A hidden panel would otherwise be built anew, and there would be no second copy of the key to show.
      retainContextWhenHidden: true,
    })
    panel.webview.html = webviewHtml(panel.webview, root, 'new-key', vscode.l10n.t('New key for {0}', key.application), words())
    panel.webview.onDidReceiveMessage((message: unknown) => void this.#answer(panel, key, message))
  }

  async #answer(panel: vscode.WebviewPanel, key: NewKey, message: unknown): Promise<void> {
    const parsed = newKeyToHostSchema.safeParse(message)
    if (!parsed.success) return this.#log.warn('The key panel sent a message of an unknown form.')
    const post = (reply: NewKeyToWebview) => panel.webview.postMessage(reply)
    switch (parsed.data.type) {
      case 'ready':
        await post({ type: 'show', ...key })
        return
      case 'copyKey':
        await vscode.env.clipboard.writeText(key.apiKey)
        await post({ type: 'copied', what: 'key' })
        return
      case 'copyCurl':
        await vscode.env.clipboard.writeText(key.curl)
        await post({ type: 'copied', what: 'curl' })
        return
      case 'close':
        panel.dispose()
    }
  }
}

function words(): Record<string, string> {
  const { t } = vscode.l10n
  return {
    heading: t('New key for {0}', '{0}'),
    opens: t('It may call {0}.', '{0}'),
    once: t('This key is shown once. Copy it now: it is kept nowhere, and closing this tab forgets it.'),
    key: t('Key'),
    copyKey: t('Copy key'),
    call: t('Call with it'),
    copyCurl: t('Copy curl'),
    copiedKey: t('The key is in the clipboard.'),
    copiedCurl: t('The curl line is in the clipboard.'),
    close: t('Done'),
  }
}
