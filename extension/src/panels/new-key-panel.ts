import { type NewKeyToWebview, newKeyToHostSchema } from '@imprun/contracts/webviews/new-key'
import * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import { webviewHtml } from './webview-html.ts'

/** What opens something and is given out once. `key`: an application calls with it; `token`: a person signs in with it. */
export interface NewKey {
  readonly kind: 'key' | 'token'
  /** The application or the person. */
  readonly holder: string
  /** What it opens: gateway and environment, or the backend's address. */
  readonly target: string
  readonly secret: string
  readonly curl: string
}

/** Shows a key or token once: it lives in this panel and nowhere else, and closing the panel forgets it. */
export class NewKeyPanel {
  readonly #extensionUri: vscode.Uri
  readonly #log: Log

  constructor(extensionUri: vscode.Uri, log: Log) {
    this.#extensionUri = extensionUri
    this.#log = log
  }

  show(key: NewKey): void {
    const root = vscode.Uri.joinPath(this.#extensionUri, 'dist', 'webviews')
    const words = wordsOf[key.kind]()
    const title = words.heading.replace('{0}', () => key.holder)
    const panel = vscode.window.createWebviewPanel('imprun.newKey', title, vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [root],
      // A hidden panel would otherwise be built anew, and there would be no second copy of the key to show.
      retainContextWhenHidden: true,
    })
    panel.webview.html = webviewHtml(panel.webview, root, 'new-key', title, words)
    panel.webview.onDidReceiveMessage((message: unknown) => void this.#answer(panel, key, message))
  }

  async #answer(panel: vscode.WebviewPanel, key: NewKey, message: unknown): Promise<void> {
    const parsed = newKeyToHostSchema.safeParse(message)
    if (!parsed.success) return this.#log.warn('The key panel sent a message of an unknown form.')
    const post = (reply: NewKeyToWebview) => panel.webview.postMessage(reply)
    switch (parsed.data.type) {
      case 'ready':
        await post({ type: 'show', holder: key.holder, target: key.target, secret: key.secret, curl: key.curl })
        return
      case 'copyKey':
        await vscode.env.clipboard.writeText(key.secret)
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

const wordsOf: Record<NewKey['kind'], () => Record<string, string> & { heading: string }> = { key: keyWords, token: tokenWords }

function keyWords() {
  const { t } = vscode.l10n
  return {
    ...commonWords(),
    heading: t('New key for {0}', '{0}'),
    opens: t('It may call {0}.', '{0}'),
    once: t('This key is shown once. Copy it now: it is kept nowhere, and closing this tab forgets it.'),
    key: t('Key'),
    copyKey: t('Copy key'),
    copiedKey: t('The key is in the clipboard.'),
  }
}

function tokenWords() {
  const { t } = vscode.l10n
  return {
    ...commonWords(),
    heading: t('Access token of {0}', '{0}'),
    opens: t('It signs in to {0}.', '{0}'),
    once: t('This token is shown once. Copy it now and hand it over by a safe way: it is kept nowhere, and closing this tab forgets it.'),
    key: t('Access token'),
    copyKey: t('Copy token'),
    copiedKey: t('The token is in the clipboard.'),
  }
}

function commonWords() {
  const { t } = vscode.l10n
  return { call: t('Call with it'), copyCurl: t('Copy curl'), copiedCurl: t('The curl line is in the clipboard.'), close: t('Done') }
}
