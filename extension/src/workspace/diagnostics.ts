import type { InputFault } from '@imprun/contracts'
import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import { findDefaultExport } from './default-export.ts'
import type { FileState, FileStatuses } from './file-status.ts'

/** Puts what the backend refused on the lines it names; a fault without a line stands at the default export. */
export function registerDiagnostics(statuses: FileStatuses): vscode.Disposable {
  const disposables = new Disposables()
  const collection = disposables.add(vscode.languages.createDiagnosticCollection('imprun'))
  disposables.add(
    statuses.onChanged((file) => {
      const uri = vscode.Uri.file(file)
      const status = statuses.find(file)
      const state = status?.state
      // While a publish runs the old squiggles stay: they would only flicker.
      if (state?.kind === 'publishing') return
      if (state?.kind !== 'refused' && state?.kind !== 'failed') return collection.delete(uri)
      void toDiagnostics(uri, seenFrom(`${status?.key.name}.ts`, faultsOf(state)), state.code, 'imprun').then((diagnostics) => {
        if (statuses.find(file)?.state === state) collection.set(uri, diagnostics)
      })
    }),
  )
  return disposables
}

/** A failure that names no place is told at the default export when it is about code, and nowhere when it is not. */
function faultsOf({ faults, code, detail }: Extract<FileState, { kind: 'refused' | 'failed' }>): readonly InputFault[] {
  return faults.length > 0 || !isAboutCode(code) ? faults : [{ field: 'code', message: detail }]
}

/** A fault of another file, which this one imports or is imported by, is told in this one with its place. */
const seenFrom = (file: string, faults: readonly InputFault[]): InputFault[] =>
  faults.map((fault) => (fault.file === undefined || fault.file === file ? fault : { field: fault.field, message: `${fault.field}: ${fault.message}` }))

/** @param source what the editor names as the finder */
export async function toDiagnostics(uri: vscode.Uri, faults: readonly InputFault[], code: string, source: string): Promise<vscode.Diagnostic[]> {
  const document = await vscode.workspace.openTextDocument(uri).then(
    (opened) => opened,
    () => undefined,
  )
  if (!document) return []
  return faults.map((fault) => {
    const diagnostic = new vscode.Diagnostic(rangeOf(document, fault), fault.message, vscode.DiagnosticSeverity.Error)
    diagnostic.source = source
    diagnostic.code = code
    return diagnostic
  })
}

const isAboutCode = (code: string) => code.startsWith('CODE_')

function rangeOf(document: vscode.TextDocument, { line, column, length }: InputFault): vscode.Range {
  if (line === undefined) {
    const start = document.positionAt(findDefaultExport(document.getText()) ?? 0)
    return new vscode.Range(start, document.lineAt(start.line).range.end)
  }
  const text = document.lineAt(Math.min(line - 1, document.lineCount - 1))
  const start = new vscode.Position(text.lineNumber, Math.min((column ?? 1) - 1, text.text.length))
  if (length) return new vscode.Range(start, start.translate(0, length))
  return document.getWordRangeAtPosition(start) ?? new vscode.Range(start, text.range.end)
}
