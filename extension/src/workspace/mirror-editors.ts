import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { Session } from '../session/session.ts'
import type { Mirror } from './mirror.ts'
import type { MirrorStore } from './mirror-store.ts'

/** Ties editors to the mirror: a save publishes that very document, an opened one is brought up to date. */
export function watchMirrorEditors(mirror: Mirror, store: MirrorStore, session: Session, log: Log): vscode.Disposable {
  const disposables = new Disposables()
  const inBackground = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => log.error(`The mirror folder could not be kept in step: ${String(error)}`))
  const adopt = async (document: vscode.TextDocument) => {
    const key = await keyOf(document, store)
    if (key) await mirror.adopt(key)
  }
  const publishSaved = async (document: vscode.TextDocument, text: string, isAskedFor: boolean) => {
    const key = await keyOf(document, store)
    if (key) await mirror.saved(key, text, isAskedFor)
  }
  // Auto save writes what is half typed. That is kept, but only a save that somebody asked for goes live.
  const reasons = new WeakMap<vscode.TextDocument, vscode.TextDocumentSaveReason>()
  disposables.add(vscode.workspace.onWillSaveTextDocument(({ document, reason }) => void reasons.set(document, reason)))
  disposables.add(
    vscode.workspace.onDidSaveTextDocument((document) => {
      const isAskedFor = (reasons.get(document) ?? vscode.TextDocumentSaveReason.Manual) === vscode.TextDocumentSaveReason.Manual
      inBackground(publishSaved(document, document.getText(), isAskedFor))
    }),
  )
  disposables.add(vscode.workspace.onDidOpenTextDocument((document) => inBackground(adopt(document))))
  disposables.add(
    session.onOpened((opened) => {
      if (!opened) return
      inBackground(mirror.findLeftovers())
      for (const document of vscode.workspace.textDocuments) inBackground(adopt(document))
    }),
  )
  disposables.add(session.onEvent((event) => inBackground(mirror.accept(event))))
  return disposables
}

async function keyOf(document: vscode.TextDocument, store: MirrorStore) {
  return document.uri.scheme === 'file' ? store.findKey(document.uri.fsPath) : undefined
}

export function isDirty(file: string): boolean {
  return vscode.workspace.textDocuments.some((document) => document.isDirty && document.uri.scheme === 'file' && document.uri.fsPath === file)
}
