import type { LogFilter } from '@imprun/contracts'
import * as vscode from 'vscode'
import { Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import { logLanguage } from '../runs/run-documents.ts'
import type { Session } from '../session/session.ts'
import { formatLog } from './format-log.ts'
import { LogFollower } from './log-follower.ts'

export interface LogScope {
  readonly gatewayId: string
  readonly filter: LogFilter
}

/** How far back a view begins. */
const beginsMs = 15 * 60_000
export const logChannelName = 'imprun logs'

/**
 * What functions log, in an output of its own: it follows, can be locked, searched, filtered and read by a screen reader as every output of VS Code. One scope
 * at a time; the status bar says which, and pressing it changes it.
 */
export class LogView {
  readonly #session: Session
  readonly #log: Log
  readonly #disposables = new Disposables()
  readonly #item = this.#disposables.add(vscode.window.createStatusBarItem('imprun.logs', vscode.StatusBarAlignment.Left, 9))
  #channel: vscode.OutputChannel | undefined
  #follower: LogFollower | undefined
  #scope: LogScope | undefined
  #isLost = false

  constructor(session: Session, log: Log) {
    this.#session = session
    this.#log = log
    this.#item.name = vscode.l10n.t('imprun logs')
    this.#item.command = 'imprun.filterLogs'
    this.#disposables.add(session.onOpened(() => this.stop()))
  }

  get scope(): LogScope | undefined {
    return this.#scope
  }
  get isPaused(): boolean {
    return this.#follower?.isPaused ?? false
  }

  show(scope: LogScope): void {
    const { current } = this.#session
    if (!current) return
    this.#follower?.dispose()
    this.#scope = scope
    this.#isLost = false
    this.#channel ??= this.#disposables.add(vscode.window.createOutputChannel(logChannelName, logLanguage))
    const channel = this.#channel
    channel.clear()
    channel.appendLine(`── ${describeScope(scope)} ──`)
    const since = new Date(Date.now() - beginsMs).toISOString()
    this.#follower = new LogFollower(
      scope.gatewayId,
      { ...scope.filter, since },
      {
        where: () => current.where(),
        onLines: (entries) => channel.append(entries.map((entry) => `${formatLog(entry)}\n`).join('')),
        onGap: () => channel.appendLine(`── ${vscode.l10n.t('some lines may be missing here')} ──`),
        onState: (state) => this.#setLost(state === 'lost'),
        log: this.#log,
      },
    )
    this.#draw()
    channel.show(true)
  }
  pause(): void {
    this.#follower?.pause()
    this.#draw()
  }
  resume(): void {
    this.#follower?.resume()
    this.#draw()
    this.#channel?.show(true)
  }
  stop(): void {
    this.#follower?.dispose()
    this.#follower = undefined
    this.#scope = undefined
    this.#item.hide()
  }
  dispose(): void {
    this.stop()
    this.#disposables.dispose()
  }

  #setLost(isLost: boolean): void {
    if (this.#isLost === isLost) return
    this.#isLost = isLost
    const { t } = vscode.l10n
    this.#channel?.appendLine(`── ${isLost ? t('the backend is away; trying again') : t('following again')} ──`)
    this.#draw()
  }
  #draw(): void {
    if (!this.#scope) return
    const { t } = vscode.l10n
    const [icon, state] = this.#isLost ? ['debug-disconnect', t('reconnecting')] : this.isPaused ? ['debug-pause', t('paused')] : ['pulse', t('following')]
    const scope = describeScope(this.#scope)
    this.#item.text = `$(${icon}) ${scope}`
    this.#item.tooltip = t('imprun logs of {0}: {1}. Press to filter, pause or stop.', scope, state)
    this.#item.accessibilityInformation = { label: t('imprun logs of {0}, {1}', scope, state), role: 'button' }
    this.#item.show()
  }
}

/** `hometax/dev calculateTax, warn and above, "timeout"` */
export function describeScope({ gatewayId, filter }: LogScope): string {
  const { environment, functionName, level, text } = filter
  const place = [gatewayId, ...(environment ? [environment] : [])].join('/')
  return [functionName ? `${place} ${functionName}` : place, ...(level && level !== 'debug' ? [`≥ ${level}`] : []), ...(text ? [`"${text}"`] : [])].join(', ')
}
