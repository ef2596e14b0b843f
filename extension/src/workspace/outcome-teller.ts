import { errorCodes } from '@imprun/contracts/errors'
import * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import type { Prompts } from '../ui/prompts.ts'
import type { FileState } from './file-status.ts'
import type { FunctionKey, MirrorStore } from './mirror-store.ts'

export interface OutcomeTellerPorts {
  prompts: Prompts
  mirrorStore: MirrorStore
  setContext(key: string, value: unknown): void
  log: Log
}

/** A good publish is told by the status bar alone. A bad one is a toast only where no line in sight shows it. */
export function createOutcomeTeller({ prompts, mirrorStore, setContext, log }: OutcomeTellerPorts): (key: FunctionKey, state: FileState) => void {
  return (key, state) => {
    log.info(`${key.gatewayId}/dev/${key.name}: ${state.kind}${state.kind === 'live' ? ` ${state.version} in ${state.liveMs} ms` : ''}`)
    if (state.kind === 'live') setContext('imprun.hasPublished', true)
    if (state.kind === 'conflict') void vscode.commands.executeCommand('imprun.resolveConflict', vscode.Uri.file(mirrorStore.file(key)))
    if (state.kind === 'refused' || state.kind === 'failed') void tellFailure(prompts, vscode.Uri.file(mirrorStore.file(key)), key, state)
  }
}

async function tellFailure(prompts: Prompts, uri: vscode.Uri, key: FunctionKey, state: Extract<FileState, { kind: 'refused' | 'failed' }>): Promise<void> {
  const isInSight = vscode.window.visibleTextEditors.some((editor) => editor.document.uri.toString() === uri.toString())
  if (isInSight && state.faults.length > 0) return
  const { t } = vscode.l10n
  const [open, retry, showLog] = [t('Open'), t('Retry'), t('Show log')]
  const canRetry = state.code in errorCodes && errorCodes[state.code as keyof typeof errorCodes].retry === 'later'
  const message = t('{0} is not live: {1}', key.name, state.detail)
  const answer = await prompts.offer('error', message, ...(canRetry ? [retry] : []), ...(isInSight ? [] : [open]), showLog)
  if (answer === open) await vscode.window.showTextDocument(uri)
  if (answer === retry) await vscode.commands.executeCommand('imprun.publish', uri)
  if (answer === showLog) await vscode.commands.executeCommand('imprun.showOutput')
}
