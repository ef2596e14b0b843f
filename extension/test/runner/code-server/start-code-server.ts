import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { CodeServer } from '../provision/code-server.ts'
import { freePort } from './free-port.ts'
import { type ProcessGroup, startProcessGroup } from './process-group.ts'

const readyWithinMs = 60_000
const pollMs = 100

/** What would reach for the network, ask, or stand in the way of a test. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'remote.autoForwardPorts': false,
  'chat.mcp.autostart': 'never',
  'git.enabled': false,
  'window.confirmBeforeClose': 'never',
  // In a browser texts are saved after a second, which a slow machine needs to look at one that is not.
  'files.autoSave': 'off',
}

export interface CodeServerOptions {
  /** Packaged extensions to install. */
  vsix: string[]
  /** The folder that is opened; a new empty one when absent. */
  workspace?: string
  settings?: Record<string, unknown>
  /** Variables of the server and its extension host. */
  env?: Record<string, string>
  /** Lets the page run a suite in the extension host, and makes VS Code refuse dialogs, as on the desktop. */
  isAutomated?: boolean
}

export interface RunningCodeServer extends AsyncDisposable {
  /** host:port, which is also the authority of its remote files. */
  authority: string
  workspace: string
  /** Holds everything it writes; gone after disposing. */
  root: string
  /** The end of what the server printed, for the message of a failure. */
  readLog(): Promise<string>
}

/**
 * Starts code-server on a free loopback port, with folders of its own that disappear with it.
 * @throws Error with the server's output when an extension does not install or the server does not come up
 */
export async function startCodeServer(codeServer: CodeServer, options: CodeServerOptions): Promise<RunningCodeServer> {
  const root = await mkdtemp(join(tmpdir(), 'imprun-editor-'))
  const logFile = join(root, 'server.log')
  const readLog = async () => (await readFile(logFile, 'utf8').catch(() => '')).slice(-4_000)
  let server: ProcessGroup | undefined
  const dispose = async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(root, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const folders = await writeProfile(root, options.settings ?? {})
    const run = [join(codeServer.folder, 'out', 'node', 'entry.js'), ...folders]
    const env = { ...cleanEnvironment(), ...options.env }
    for (const file of options.vsix) await promisify(execFile)(codeServer.node, [...run, '--install-extension', resolve(file)], { env })
    const authority = `127.0.0.1:${await freePort()}`
    server = await startProcessGroup(codeServer.node, [...run, ...serverArguments(authority, options)], { env, logFile })
    await waitUntilReady(authority, server, readLog)
    return { authority, root, workspace: options.workspace ?? join(root, 'workspace'), readLog, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** @returns the arguments that point code-server at the profile */
async function writeProfile(root: string, settings: Record<string, unknown>): Promise<string[]> {
  await mkdir(join(root, 'user', 'User'), { recursive: true })
  await mkdir(join(root, 'workspace'))
  await writeFile(join(root, 'user', 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }))
  // Without a file of its own it would write one in the home folder.
  await writeFile(join(root, 'config.yaml'), 'auth: none\n')
  return ['--config', join(root, 'config.yaml'), '--user-data-dir', join(root, 'user'), '--extensions-dir', join(root, 'extensions')]
}

function serverArguments(authority: string, { isAutomated }: CodeServerOptions): string[] {
  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override']
  // The page only takes extensionTestsPath from its address when the smoke test driver is on.
  return ['--bind-addr', authority, '--auth', 'none', ...quiet, ...(isAutomated ? ['--vscode-option', 'enable-smoke-test-driver'] : [])]
}

/** The variables of a surrounding editor would make code-server talk to that editor. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VSCODE_|CODE_SERVER|ELECTRON_|CS_|npm_)/.test(name)))

async function waitUntilReady(authority: string, { child }: ProcessGroup, readLog: () => Promise<string>): Promise<void> {
  const deadline = performance.now() + readyWithinMs
  while (true) {
    const answer = await fetch(`http://${authority}/healthz`).catch(() => undefined)
    if (answer?.ok) return
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`code-server did not start:\n${await readLog()}`)
    await sleep(pollMs)
  }
}
