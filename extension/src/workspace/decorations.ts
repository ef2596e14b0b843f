import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import { badgeOf } from './badge.ts'
import type { FileStatuses } from './file-status.ts'

/** Badges in the explorer and on tabs. */
export function registerDecorations(statuses: FileStatuses): vscode.Disposable {
  const disposables = new Disposables()
  const changed = disposables.add(new vscode.EventEmitter<vscode.Uri>())
  disposables.add(statuses.onChanged((file) => changed.fire(vscode.Uri.file(file))))
  disposables.add(
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: changed.event,
      provideFileDecoration(uri) {
        const status = uri.scheme === 'file' ? statuses.find(uri.fsPath) : undefined
        const badge = status && badgeOf(status, vscode.l10n.t)
        return badge && new vscode.FileDecoration(badge.letter, badge.tooltip, badge.color ? new vscode.ThemeColor(badge.color) : undefined)
      },
    }),
  )
  return disposables
}
