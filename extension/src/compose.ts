import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import * as vscode from 'vscode'
import { createApprovalTeller } from './approvals/approval-teller.ts'
import { ApprovalWatch } from './approvals/approval-watch.ts'
import type { CommandContext } from './commands/command-context.ts'
import { registerCommands } from './commands/register-commands.ts'
import { registerFrameLinks } from './logs/frame-links.ts'
import { LogView } from './logs/log-view.ts'
import { NewKeyPanel } from './panels/new-key-panel.ts'
import { SendRequestPanels } from './panels/send-request-panel.ts'
import { Disposables } from './platform/disposables.ts'
import type { Log } from './platform/log.ts'
import { KeyStore } from './requests/key-store.ts'
import { RequestStore } from './requests/request-store.ts'
import { RunDiagnostics } from './runs/run-diagnostics.ts'
import { RunDocuments } from './runs/run-documents.ts'
import { Runner } from './runs/runner.ts'
import { ImprunAuthenticationProvider, providerId } from './session/auth-provider.ts'
import { backendName } from './session/backend.ts'
import { stateFolder } from './session/find-backends.ts'
import { Session } from './session/session.ts'
import { SessionStore } from './session/session-store.ts'
import { askToSignIn, findAnsweringBackends, type SignInPorts } from './session/sign-in-flow.ts'
import { registerViews, type Views } from './tree/register-views.ts'
import { createLogChannel } from './ui/log-channel.ts'
import { type Prompts, windowPrompts } from './ui/prompts.ts'
import { createErrorReporter } from './ui/report-error.ts'
import { TextPages } from './ui/text-pages.ts'
import { registerCodeLenses } from './workspace/code-lens.ts'
import { registerDecorations } from './workspace/decorations.ts'
import { registerDiagnostics } from './workspace/diagnostics.ts'
import { FileStatuses } from './workspace/file-status.ts'
import { Mirror } from './workspace/mirror.ts'
import { isDirty, watchMirrorEditors } from './workspace/mirror-editors.ts'
import { MirrorStore } from './workspace/mirror-store.ts'
import { createOutcomeTeller } from './workspace/outcome-teller.ts'
import { watchPackageEditors } from './workspace/package-editors.ts'
import { PackageFile } from './workspace/package-file.ts'
import { Publisher } from './workspace/publisher.ts'
import { registerReadOnlyDocuments } from './workspace/read-only-documents.ts'
import { StatusBar } from './workspace/status-bar.ts'

/** What a test inside the extension host may reach. */
export interface Inside {
  readonly session: Session
  readonly views: Views
  readonly statuses: FileStatuses
  readonly mirrorStore: MirrorStore
  readonly logView: LogView
  readonly requests: RequestStore
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly prompts?: Prompts
}

/** Makes every part and wires it. Nothing here waits for the network or a disk: activation has to be over at once. */
export function compose(extension: vscode.ExtensionContext, { environment, prompts = windowPrompts }: Surroundings): Inside {
  const disposables = new Disposables()
  extension.subscriptions.push(disposables)
  const { t } = vscode.l10n
  const { log, channel } = createLogChannel()
  disposables.add(channel)
  const settings = () => vscode.workspace.getConfiguration('imprun')
  const setContext = (key: string, value: unknown) => void vscode.commands.executeCommand('setContext', key, value)

  const session = disposables.add(new Session(log))
  const sessionStore = disposables.add(new SessionStore(extension.secrets, () => tellUnsafe(prompts)))
  const signIn: SignInPorts = { prompts, t, places: () => places(environment), backendUrl: () => settings().get('backendUrl', '') }

  const statuses = disposables.add(new FileStatuses())
  const mirrorStore = new MirrorStore(settings().get('mirrorFolder', '') || path.join(extension.globalStorageUri.fsPath, 'functions'))
  const showLog = () => channel.show(true)
  const reporter = createErrorReporter({ prompts, log, showLog, t })
  const publisher: Publisher = new Publisher({
    mirror: mirrorStore,
    statuses,
    apiFor: (key) => (session.current?.backend.apiUrl === key.apiUrl ? session.current.api : undefined),
    onSettled: createOutcomeTeller({ prompts, mirrorStore, setContext, log }),
    log,
  })
  const packageFile = new PackageFile({ root: mirrorStore.root, session, isDirty, log })
  const mirror = new Mirror({
    store: mirrorStore,
    statuses,
    publisher,
    session,
    isDirty,
    isPublishingOnSave: () => settings().get('publishOnSave', true),
    packages: packageFile,
    typesText: () => readFile(extension.asAbsolutePath('types/imprun.d.ts'), 'utf8'),
    log,
  })

  const views = disposables.add(registerViews(session, t, log, setContext))
  const newKeyPanel = new NewKeyPanel(extension.extensionUri, log)
  const runner = disposables.add(new Runner())
  const runDocuments = disposables.add(new RunDocuments())
  const runDiagnostics = disposables.add(new RunDiagnostics())
  const logView = disposables.add(new LogView(session, log))
  const pages = disposables.add(new TextPages('imprun-page'))
  const requests = new RequestStore(mirrorStore.root, extension.workspaceState)
  const sendRequestPanel = new SendRequestPanels({
    extensionUri: extension.extensionUri,
    keys: new KeyStore(extension.secrets),
    ...{ session, prompts, requests, log },
  })
  const context: CommandContext = {
    ...{ session, sessionStore, signIn, prompts, mirror, mirrorStore, publisher, statuses, newKeyPanel, log, t, showLog, setContext },
    ...{ runner, runDocuments, runDiagnostics, requests, sendRequestPanel, logView, pages },
    refreshViews: () => views.refresh(),
  }
  disposables.add(registerCommands(context, reporter))
  disposables.add(new ApprovalWatch(session, createApprovalTeller(prompts), log))
  disposables.add(registerReadOnlyDocuments(session))
  disposables.add(watchMirrorEditors(mirror, mirrorStore, session, log))
  disposables.add(watchPackageEditors(packageFile, prompts))
  disposables.add(registerDiagnostics(statuses))
  disposables.add(registerCodeLenses(statuses, runner))
  disposables.add(registerFrameLinks(logView))
  disposables.add(registerDecorations(statuses))
  disposables.add(new StatusBar(statuses, session))
  disposables.add(registerAccounts(sessionStore, signIn))
  disposables.add(followSessions(session, sessionStore, signIn, { setContext, prompts, log }))
  disposables.add(watchSettings(prompts))
  return { session, views, statuses, mirrorStore, logView, requests }
}

/** IMPRUN_HOME belongs to this process; folders of a workspace are read only when their owner is trusted. */
function places(environment: Surroundings['environment']) {
  const home = vscode.workspace.getConfiguration('imprun').get('home', '') || environment.IMPRUN_HOME
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : []
  return {
    homes: home ? [home] : [],
    workspaceFolders: folders.filter((folder) => folder.uri.scheme === 'file').map((folder) => folder.uri.fsPath),
    stateFolder: stateFolder(environment, os.homedir()),
  }
}

function registerAccounts(store: SessionStore, signIn: SignInPorts): vscode.Disposable {
  const disposables = new Disposables()
  const provider = new ImprunAuthenticationProvider(store, async () => {
    const backend = await askToSignIn(signIn)
    if (backend) await store.add(backend)
    return backend
  })
  disposables.add(provider)
  disposables.add(vscode.authentication.registerAuthenticationProvider(providerId, 'imprun', provider, { supportsMultipleAccounts: true }))
  return disposables
}

interface FollowPorts {
  setContext(key: string, value: unknown): void
  prompts: Prompts
  log: Log
}

/** Opens the session that is kept, and follows sign-in and sign-out of any window. */
function followSessions(session: Session, store: SessionStore, signIn: SignInPorts, { setContext, prompts, log }: FollowPorts): vscode.Disposable {
  const disposables = new Disposables()
  const { t } = vscode.l10n
  const follow = async () => {
    const active = await store.active()
    if (active) return session.open(active)
    session.close()
    const found = await findAnsweringBackends(signIn)
    setContext('imprun.isBackendFound', found.length > 0)
  }
  const followQuietly = () => void follow().catch((error: unknown) => log.error(`Could not open the session: ${String(error)}`))
  disposables.add(session.onStatus((status) => setContext('imprun.session', status)))
  disposables.add(
    session.onRefused(async (backend) => {
      await store.remove(backend.apiUrl)
      const again = t('Sign in')
      const answer = await prompts.offer('warning', t('{0} no longer accepts this sign-in.', backendName(backend.apiUrl)), again)
      if (answer === again) await vscode.commands.executeCommand('imprun.signIn')
    }),
  )
  disposables.add(store.onChanged(followQuietly))
  // A backend may have been started meanwhile in a terminal outside.
  disposables.add(vscode.window.onDidChangeWindowState(({ focused }) => focused && session.status === 'signedOut' && followQuietly()))
  setContext('imprun.session', session.status)
  followQuietly()
  return disposables
}

function tellUnsafe(prompts: Prompts): void {
  void prompts.offer('warning', vscode.l10n.t('This machine offers no safe place for the access token. You are signed in until this window closes.'))
}

/** The mirror folder is chosen once per window: files that are open belong to it. */
function watchSettings(prompts: Prompts): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration(async (event) => {
    if (!event.affectsConfiguration('imprun.mirrorFolder')) return
    const reload = vscode.l10n.t('Reload window')
    const answer = await prompts.offer('info', vscode.l10n.t('The mirror folder changes with the next start of this window.'), reload)
    if (answer === reload) await vscode.commands.executeCommand('workbench.action.reloadWindow')
  })
}
