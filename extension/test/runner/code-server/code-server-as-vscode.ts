#!/usr/bin/env node
// Stands in for the VS Code executable that @vscode/test-electron starts: takes the same arguments and runs the suite in
// the extension host of code-server, whose window is a page in a headless browser. Exits with the code of the suite.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { ensureEditor } from '../editor.ts'
import { launchChromium } from './launch-chromium.ts'
import { type RunningCodeServer, startCodeServer } from './start-code-server.ts'

const suiteWithinMs = Number(process.env.IMPRUN_TEST_SUITE_MS ?? 300_000)

// Other switches of VS Code mean nothing here.
const { values, positionals } = parseArgs({
  options: { extensionDevelopmentPath: { type: 'string', multiple: true }, extensionTestsPath: { type: 'string' }, vsix: { type: 'string', multiple: true } },
  allowPositionals: true,
  strict: false,
})

async function main(): Promise<number> {
  const editor = await ensureEditor()
  const workspace = positionals[0]
  await using server = await startCodeServer(editor.codeServer, {
    vsix: texts(values.vsix),
    isAutomated: true,
    ...(workspace && { workspace: resolve(workspace) }),
  })
  await using browser = await launchChromium(editor.chromium)
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  const errors: string[] = []
  const code = await runSuite(page, suiteAddress(server), errors)
  // A suite that does not load says so only in the window's log.
  if (code !== 0) console.error(errors.slice(0, 5).join('\n'))
  return code
}

/** @returns the exit code of the suite, 3 when it never ended */
async function runSuite(page: Page, address: string, errors: string[]): Promise<number> {
  const ended = Promise.withResolvers<number>()
  await page.exposeFunction('codeAutomationExit', (code: number) => ended.resolve(code))
  await page.exposeFunction('codeAutomationLog', (level: string, words: unknown[]) => {
    const line = words.join(' ')
    // Galleries that can not be reached are no fault of the suite.
    if (level === 'error' && !/ENOTFOUND|Canceled|ENOPRO/.test(line)) errors.push(line)
  })
  page.on('crash', () => ended.reject(new Error('The page crashed.')))
  const timer = setTimeout(() => {
    console.error(`The suite did not end within ${suiteWithinMs} ms.`)
    ended.resolve(3)
  }, suiteWithinMs)
  await page.goto(address)
  return await ended.promise.finally(() => clearTimeout(timer))
}

function suiteAddress({ authority, workspace }: RunningCodeServer): string {
  const remote = (path: string) => `vscode-remote://${authority}${resolve(path)}`
  const payload = [
    ...texts(values.extensionDevelopmentPath).map((path) => ['extensionDevelopmentPath', remote(path)]),
    ...texts([values.extensionTestsPath]).map((path) => ['extensionTestsPath', remote(path)]),
  ]
  return `http://${authority}/?${new URLSearchParams({ folder: workspace, payload: JSON.stringify(payload) })}`
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

process.exitCode = await main()
