import type { Gateway } from '@imprun/contracts'
import * as vscode from 'vscode'

const settled = ['Created', 'Started', 'Stopped', 'Deleted']

/** The icon tells the phase as well as the text does: never by colour alone. */
export function lifecycleIcon(
  { phase, isStalled, lastError, attempts, deletion }: Pick<Gateway, 'phase' | 'isStalled' | 'lastError' | 'attempts' | 'deletion'>,
  started: string,
): vscode.ThemeIcon {
  if (isStalled) return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
  if (deletion?.isOverdue || (lastError && attempts > 0)) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
  if (!settled.includes(phase)) return new vscode.ThemeIcon('sync~spin')
  return new vscode.ThemeIcon(phase === 'Stopped' ? 'circle-slash' : started)
}
