import * as vscode from 'vscode'
import { logLanguage, runScheme } from '../runs/run-documents.ts'
import { findFrames } from './frames.ts'
import { type LogView, logChannelName } from './log-view.ts'

/** Where a frame was pressed: enough to find the file. */
export interface FrameTarget {
  readonly gatewayId: string
  readonly name: string
  readonly line: number
  readonly column: number
}

/** Makes the frames of stacks in the log view and on the pages of runs open their file at the line. */
export function registerFrameLinks(logView: LogView): vscode.Disposable {
  const gatewayOf = ({ uri }: vscode.TextDocument): string | undefined => {
    if (uri.scheme === runScheme) return uri.path.split('/')[1]
    return uri.path.includes(logChannelName) ? logView.scope?.gatewayId : undefined
  }
  return vscode.languages.registerDocumentLinkProvider([{ scheme: runScheme }, { scheme: 'output', language: logLanguage }], {
    provideDocumentLinks(document) {
      const gatewayId = gatewayOf(document)
      if (!gatewayId) return []
      return findFrames(document.getText()).map(({ name, line, column, start, end }) => {
        const target: FrameTarget = { gatewayId, name, line, column }
        const command = vscode.Uri.parse(`command:imprun.openFrame?${encodeURIComponent(JSON.stringify([target]))}`)
        const link = new vscode.DocumentLink(new vscode.Range(document.positionAt(start), document.positionAt(end)), command)
        link.tooltip = vscode.l10n.t('Open {0} at line {1}', `${name}.ts`, line)
        return link
      })
    },
  })
}
