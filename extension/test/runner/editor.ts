// Which VS Code the tests run in. Decided once per `npm run test:editor` and handed to its processes in a variable; a
// single test file started by hand decides for itself.
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { RemedyError } from '../../../scripts/lib/errors.mjs'
import { ensureChromium } from './provision/chromium.ts'
import { type CodeServer, ensureCodeServer } from './provision/code-server.ts'

/** code-server, with the browser that shows its window. */
export interface Editor {
  codeServer: CodeServer
  chromium: string
}

const variable = 'IMPRUN_TEST_EDITOR'
const extensionFolder = join(import.meta.dirname, '..', '..')

/** @throws Error saying what is missing and how to get it */
export async function ensureEditor(): Promise<Editor> {
  const decided = process.env[variable]
  if (decided) return JSON.parse(decided) as Editor
  const chromium = await ensureChromium()
  const codeServer = await ensureCodeServer()
  return { codeServer, chromium }
}

export const editorVariables = (editor: Editor): Record<string, string> => ({ [variable]: JSON.stringify(editor) })

/**
 * @returns the packaged extension
 * @throws {RemedyError} before the first build
 */
export async function findVsix(): Promise<string> {
  const [file] = await Array.fromAsync(glob('*.vsix', { cwd: extensionFolder }))
  if (file === undefined) throw new RemedyError('There is no extension/*.vsix yet: npm run build.')
  return join(extensionFolder, file)
}
