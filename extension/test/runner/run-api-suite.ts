import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron'
import type { Counts } from '../../../scripts/lib/counts.ts'
import { type Editor, editorVariables } from './editor.ts'
import { followFile } from './follow-file.ts'
import { suiteCountsVariable, suiteLogVariable } from './suite-entry.ts'

export interface ApiSuite {
  /** Absent: VS Code of the desktop, downloaded by @vscode/test-electron. */
  editor?: Editor
  /** The packaged extension under test. */
  vsix: string
  /** What bundle-suite.ts made. */
  suite: string
  /** Variables of the extension host. */
  env?: Record<string, string>
}

/** Runs a suite in the extension host, with the packaged extension installed, and shows mocha's report as it grows. */
export async function runApiSuite({ editor, vsix, suite, env = {} }: ApiSuite): Promise<Counts> {
  const root = await mkdtemp(join(tmpdir(), 'imprun-suite-'))
  const log = join(root, 'mocha.log')
  const countsFile = join(root, 'counts.json')
  try {
    const common = {
      extensionDevelopmentPath: await writeHarness(root),
      extensionTestsPath: suite,
      extensionTestsEnv: { ...env, [suiteLogVariable]: log, [suiteCountsVariable]: countsFile, ...(editor && editorVariables(editor)) },
    }
    await using _report = followFile(log)
    await (editor ? runInCodeServer(common, root, vsix) : runOnDesktop(common, root, vsix))
    return await readCounts(countsFile)
  } catch (error) {
    const counts = await readCounts(countsFile).catch(() => ({ passed: 0, failed: 0, skipped: 0 }))
    if (counts.failed > 0) return counts
    console.error(`The suite did not end well: ${error instanceof Error ? error.message : String(error)}`)
    return { ...counts, failed: 1 }
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

const readCounts = async (file: string): Promise<Counts> => JSON.parse(await readFile(file, 'utf8'))

/** Without an extension under development VS Code loads no tests; this one does nothing, so that the packaged one is tested. */
async function writeHarness(root: string): Promise<string> {
  const folder = join(root, 'harness')
  await mkdir(join(root, 'workspace'))
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'harness', publisher: 'imprun', version: '0.0.1', engines: { vscode: '*' } }))
  return folder
}

type Common = Pick<Parameters<typeof runTests>[0], 'extensionDevelopmentPath' | 'extensionTestsPath' | 'extensionTestsEnv'>

async function runInCodeServer(common: Common, root: string, vsix: string): Promise<void> {
  const vscodeExecutablePath = join(import.meta.dirname, 'code-server', 'code-server-as-vscode.ts')
  await runTests({ ...common, vscodeExecutablePath, launchArgs: [`--vsix=${vsix}`, join(root, 'workspace')] })
}

async function runOnDesktop(common: Common, root: string, vsix: string): Promise<void> {
  const vscodeExecutablePath = await downloadAndUnzipVSCode()
  const profile = [`--extensions-dir=${join(root, 'extensions')}`, `--user-data-dir=${join(root, 'user')}`]
  const [cli = '', ...args] = resolveCliArgsFromVSCodeExecutablePath(vscodeExecutablePath, { reuseMachineInstall: true })
  await promisify(execFile)(cli, [...args, ...profile, '--install-extension', vsix], { shell: process.platform === 'win32' })
  await runTests({ ...common, vscodeExecutablePath, launchArgs: [join(root, 'workspace'), ...profile] })
}
