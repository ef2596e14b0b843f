import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { Session } from '../session/session.ts'
import { describeStatus } from './describe-status.ts'
import type { FileStatuses } from './file-status.ts'
import { readOnlyText } from './read-only-documents.ts'

/** The one status item: how the open file stands to dev, or that the backend is away. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('imprun.status', vscode.StatusBarAlignment.Left, 10)
  readonly #disposables = new Disposables()
  readonly #statuses: FileStatuses
  readonly #session: Session

  constructor(statuses: FileStatuses, session: Session) {
    this.#statuses = statuses
    this.#session = session
    this.#item.name = 'imprun'
    this.#disposables.add(this.#item)
    this.#disposables.add(vscode.window.onDidChangeActiveTextEditor(() => this.#draw()))
    this.#disposables.add(session.onStatus(() => this.#draw()))
    this.#disposables.add(statuses.onChanged((file) => file === activeFile() && this.#draw()))
    this.#draw()
  }

  dispose(): void {
    this.#disposables.dispose()
  }

  #draw(): void {
    const shown = this.#drawReadOnly() || this.#drawFile() || this.#drawOffline()
    if (shown) this.#item.show()
    else this.#item.hide()
  }

  #drawReadOnly(): boolean {
    const uri = vscode.window.activeTextEditor?.document.uri
    const text = uri && readOnlyText(uri)
    if (!text) return false
    const place = text.kind === 'release' ? `${text.environment} ${text.version}` : text.kind === 'saved' ? 'dev' : text.environment
    this.#set(`$(lock) imprun ${place}: ${vscode.l10n.t('read-only')}`, vscode.l10n.t('Change the function in dev and promote it.'), undefined, false)
    return true
  }

  #drawFile(): boolean {
    const status = this.#statuses.find(activeFile() ?? '')
    if (!status) return false
    const { icon, text, tooltip, isFault } = describeStatus(status, vscode.l10n.t)
    const command = status.state.kind === 'conflict' ? 'imprun.resolveConflict' : isFault ? 'workbench.actions.view.problems' : 'imprun.showHistory'
    this.#set(`$(${icon}) imprun dev: ${text}`, `${status.key.gatewayId}/dev/${status.key.name}\n${tooltip}`, command, isFault)
    return true
  }

  #drawOffline(): boolean {
    if (this.#session.status !== 'offline') return false
    const reason = this.#session.lastError?.message ?? ''
    this.#set(`$(debug-disconnect) imprun: ${vscode.l10n.t('offline')}`, `${reason}\n${vscode.l10n.t('Click to try again now.')}`, 'imprun.reconnect', false)
    return true
  }

  #set(text: string, tooltip: string, command: string | undefined, isFault: boolean): void {
    this.#item.text = text
    this.#item.tooltip = tooltip
    this.#item.command = command
    this.#item.backgroundColor = isFault ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined
    this.#item.accessibilityInformation = { label: text.replace(/\$\([^)]*\)\s*/, ''), role: 'button' }
  }
}

function activeFile(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri
  return uri?.scheme === 'file' ? uri.fsPath : undefined
}
