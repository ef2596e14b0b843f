import * as vscode from 'vscode'
import type { Session } from '../session/session.ts'
import { fromUriParts, type ReadOnlyText, readOnlyScheme, toUriParts } from './imprun-uri.ts'

export const readOnlyUri = (text: ReadOnlyText): vscode.Uri => vscode.Uri.from({ scheme: readOnlyScheme, ...toUriParts(text) })

export const readOnlyText = (uri: vscode.Uri): ReadOnlyText | undefined => (uri.scheme === readOnlyScheme ? fromUriParts(uri) : undefined)

/** What staging and prod serve, and the sides of a diff: VS Code offers no way to type into them. */
export function registerReadOnlyDocuments(session: Session): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(readOnlyScheme, {
    async provideTextDocumentContent(uri, token) {
      const text = readOnlyText(uri)
      if (!text) throw vscode.FileSystemError.FileNotFound(uri)
      if (text.kind === 'nothing') return ''
      const { api } = session.current ?? {}
      if (!api) throw vscode.FileSystemError.Unavailable(vscode.l10n.t('Sign in to imprun to read this.'))
      const abort = new AbortController()
      const subscription = token.onCancellationRequested(() => abort.abort())
      const params = { gatewayId: text.gatewayId, functionId: text.functionId }
      try {
        if (text.kind === 'saved') return (await api.call('getFunction', { params, signal: abort.signal })).code ?? ''
        const release = await api.call('getRelease', { params: { ...params, releaseId: text.releaseId }, signal: abort.signal })
        // A file that this release was made without is the empty side of a diff.
        return (text.file ? release.imports?.find(({ file }) => file === text.file)?.source : release.source) ?? ''
      } finally {
        subscription.dispose()
      }
    },
  })
}
