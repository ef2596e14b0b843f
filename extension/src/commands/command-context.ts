import { ImprunError } from '@imprun/contracts/errors'
import type { LogView } from '../logs/log-view.ts'
import type { NewKeyPanel } from '../panels/new-key-panel.ts'
import type { SendRequestPanels } from '../panels/send-request-panel.ts'
import type { Log } from '../platform/log.ts'
import type { RequestStore } from '../requests/request-store.ts'
import type { RunDiagnostics } from '../runs/run-diagnostics.ts'
import type { RunDocuments } from '../runs/run-documents.ts'
import type { Runner } from '../runs/runner.ts'
import type { OpenSession, Session } from '../session/session.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { SignInPorts } from '../session/sign-in-flow.ts'
import type { Prompts } from '../ui/prompts.ts'
import type { TextPages } from '../ui/text-pages.ts'
import type { Translate } from '../ui/translate.ts'
import type { FileStatuses } from '../workspace/file-status.ts'
import type { Mirror } from '../workspace/mirror.ts'
import type { MirrorStore } from '../workspace/mirror-store.ts'
import type { Publisher } from '../workspace/publisher.ts'

/** What commands work with. */
export interface CommandContext {
  readonly session: Session
  readonly sessionStore: SessionStore
  readonly signIn: SignInPorts
  readonly prompts: Prompts
  readonly mirror: Mirror
  readonly mirrorStore: MirrorStore
  readonly publisher: Publisher
  readonly statuses: FileStatuses
  readonly newKeyPanel: NewKeyPanel
  readonly runner: Runner
  readonly runDocuments: RunDocuments
  readonly runDiagnostics: RunDiagnostics
  readonly requests: RequestStore
  readonly sendRequestPanel: SendRequestPanels
  readonly logView: LogView
  readonly pages: TextPages
  readonly log: Log
  readonly t: Translate
  showLog(): void
  /** Draws every view again from the backend. */
  refreshViews(): void
  setContext(key: string, value: unknown): void
}

/** @throws ImprunError SIGN_IN_REQUIRED */
export function openSession({ session, t }: CommandContext): OpenSession {
  if (session.current) return session.current
  throw new ImprunError('SIGN_IN_REQUIRED', t('Sign in to imprun first.'))
}
