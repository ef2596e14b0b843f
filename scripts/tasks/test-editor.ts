// `npm run test:editor [-- part of a path ...]`: the packaged extension in a real VS Code. The API suite runs inside its
// extension host, the journeys drive its window.
import { glob, mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { bundleSuite } from '../../extension/test/runner/bundle-suite.ts'
import { type Editor, editorVariables, ensureEditor, findVsix } from '../../extension/test/runner/editor.ts'
import { givenBackend } from '../../extension/test/runner/given-backend.ts'
import { runApiSuite } from '../../extension/test/runner/run-api-suite.ts'
import { addCounts, type Counts, countsLine, finish, noCounts } from '../lib/counts.ts'
import { RemedyError } from '../lib/errors.mjs'
import { fileInRepository, repository, runQuietly, seconds } from '../lib/programs.ts'
import { runTestSet } from '../lib/test-set.ts'

// A browser, a server of VS Code and two cores: what takes a press or drops it is not all ours. A second attempt starts from nothing, and is told.
const windowRetries = 1

const wanted = process.argv.slice(2)

async function findTests(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(glob(`extension/test/${folder}/**/*.test.ts`, { cwd: repository }))
  return files.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part))).sort()
}

/** @returns undefined, after saying what is missing, where only VS Code of the desktop can be had */
async function findEditor(): Promise<Editor | undefined> {
  try {
    return await ensureEditor()
  } catch (error) {
    if (!(error instanceof RemedyError) || process.env.CI) throw error
    console.log(`The journeys through the window are skipped, and the API suite uses a downloaded VS Code: ${error.message}`)
    return undefined
  }
}

async function buildVsix(): Promise<string> {
  const { isOk, output, tookMs } = await runQuietly(fileInRepository('extension/scripts/build.ts'), [])
  if (!isOk) throw new Error(`The extension does not build:\n${output}`)
  const file = await findVsix()
  console.log(`Built ${relative(repository, file)} (${seconds(tookMs)})`)
  return file
}

async function runSuiteInHost(files: string[], editor: Editor | undefined, vsix: string): Promise<Counts> {
  console.log(`\n== API suite (${files.length} files)`)
  const startedAt = performance.now()
  await mkdir(join(repository, 'extension', 'out'), { recursive: true })
  const suite = join(repository, 'extension', 'out', 'api-suite.cjs')
  await bundleSuite(
    files.map((file) => join(repository, file)),
    suite,
  )
  await using backend = await givenBackend()
  const counts = await runApiSuite({ ...(editor && { editor }), vsix, suite, env: { ...backend.editorEnv, IMPRUN_EDITOR_TESTS: '1' } })
  console.log(`== API suite: ${countsLine(counts)} (${seconds(performance.now() - startedAt)})`)
  return counts
}

async function runJourneys(files: string[], editor: Editor | undefined): Promise<Counts> {
  if (editor === undefined) return { ...noCounts, skipped: files.length }
  Object.assign(process.env, editorVariables(editor))
  return await runTestSet('journeys', files, [`--retries=${windowRetries}`])
}

async function main(): Promise<Counts> {
  const [suiteFiles, journeyFiles] = await Promise.all([findTests('suite'), findTests('ui')])
  const editor = await findEditor()
  const vsix = await buildVsix()
  const inHost = suiteFiles.length > 0 ? await runSuiteInHost(suiteFiles, editor, vsix) : noCounts
  const inWindow = journeyFiles.length > 0 ? await runJourneys(journeyFiles, editor) : noCounts
  return addCounts(inHost, inWindow)
}

const counts = await main().catch((error: unknown): Counts => {
  console.error(error instanceof RemedyError ? error.message : error)
  return { ...noCounts, failed: 1 }
})
await finish(counts)
