import * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import { redact } from '../platform/redact.ts'

/** The output channel `imprun`. Nothing reaches it that `redact` has not seen. */
export function createLogChannel(): { log: Log; channel: vscode.LogOutputChannel } {
  const channel = vscode.window.createOutputChannel('imprun', { log: true })
  const log: Log = {
    debug: (message) => channel.debug(redact(message)),
    info: (message) => channel.info(redact(message)),
    warn: (message) => channel.warn(redact(message)),
    error: (message) => channel.error(redact(message)),
  }
  return { log, channel }
}
