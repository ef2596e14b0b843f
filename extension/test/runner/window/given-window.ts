import { join } from 'node:path'
import { launchChromium } from '../code-server/launch-chromium.ts'
import { type CodeServerOptions, type RunningCodeServer, startCodeServer } from '../code-server/start-code-server.ts'
import { ensureEditor, findVsix } from '../editor.ts'
import { describeWindow } from './describe-window.ts'
import { Workbench } from './workbench.ts'

// A first start on a busy machine; what waits longer is broken.
const defaultTimeoutMs = 60_000
const openWithinMs = 90_000

export interface GivenWindow extends AsyncDisposable {
  workbench: Workbench
  server: RunningCodeServer
}

/**
 * Opens a window of VS Code with real dialogs, an empty profile and the packaged extension:
 * `await using window = await givenWindow({ env: backend.editorEnv })`.
 */
export async function givenWindow(options: Partial<CodeServerOptions> = {}): Promise<GivenWindow> {
  const editor = await ensureEditor()
  await using cleanUp = new AsyncDisposableStack()
  const server = cleanUp.use(await startCodeServer(editor.codeServer, { vsix: [await findVsix()], ...options }))
  const browser = cleanUp.use(await launchChromium(editor.chromium))
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(defaultTimeoutMs)
  await page.goto(`http://${server.authority}/?${new URLSearchParams({ folder: server.workspace })}`)
  await page.locator('.monaco-workbench .part.editor').waitFor({ timeout: openWithinMs })
  const owned = cleanUp.move()
  return { workbench: new Workbench(page), server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Runs a journey through a window; when it fails, a picture of the window is kept and its place told, with what it shows in words. */
export async function inWindow(options: Partial<CodeServerOptions>, journey: (workbench: Workbench) => Promise<void>): Promise<void> {
  await using window = await givenWindow(options)
  try {
    await journey(window.workbench)
  } catch (error) {
    const picture = join(repository, 'extension', 'out', `failed-${Date.now()}.png`)
    await window.workbench.screenshot(picture)
    console.error(await window.server.readLog())
    const words = await describeWindow(window.workbench.page)
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe window at that moment, ${picture}:\n${words}`, { cause: error })
  }
}

const repository = join(import.meta.dirname, '..', '..', '..', '..')
