import * as vscode from 'vscode'

/** The page of a webview, with its words so that translation stays on this side: nothing may be loaded that was not shipped with the extension, and nothing runs inline. */
export function webviewHtml(webview: vscode.Webview, root: vscode.Uri, name: string, title: string, words: Record<string, string>): string {
  const address = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, file)).toString()
  const source = webview.cspSource
  return `<!doctype html>
<html lang="${escapeHtml(vscode.env.language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${source}; style-src ${source}; font-src ${source}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <link rel="stylesheet" href="${address(`${name}.css`)}">
  <script type="module" src="${address(`${name}.js`)}"></script>
</head>
<body data-words="${escapeHtml(JSON.stringify(words))}"></body>
</html>`
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
