import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { bundleSuite } from '../../extension/test/runner/bundle-suite.ts'
import { ensureEditor, findVsix } from '../../extension/test/runner/editor.ts'
import { runApiSuite } from '../../extension/test/runner/run-api-suite.ts'
import { figuresFileVariable } from '../../extension/test/support/figures-file.ts'
import { RemedyError } from '../../scripts/lib/errors.mjs'
import { fileInRepository, repository, runQuietly } from '../../scripts/lib/programs.ts'
import { type Figure, median } from './figures.ts'

const activationRuns = 5
const bundleKbMax = 400
const activationMsMax = 100
const treeMsMax = 200
const activation = z.object({ activationMs: z.number() })
const tree = z.object({ treeMs: z.array(z.number()) })

/** Builds the extension and runs it in a real VS Code: activated with a backend that runs on `home`, and its tree before one with many gateways. */
export async function measureExtension(home: string): Promise<Figure[]> {
  const { isOk, output } = await runQuietly(fileInRepository('extension/scripts/build.ts'), [])
  if (!isOk) throw new Error(`The extension does not build:\n${output}`)
  const { size } = await stat(join(repository, 'extension', 'dist', 'extension.cjs'))
  const bundle: Figure = { figure: 'extension bundle', value: size / 1024, unit: 'KB', target: { atMost: bundleKbMax } }
  try {
    const editor = await ensureEditor()
    const samplesMs: number[] = []
    for (let run = 0; run < activationRuns; run++) samplesMs.push((await runInHost('activation-suite', { IMPRUN_HOME: home }, activation, editor)).activationMs)
    const { treeMs } = await runInHost('large-tree-suite', { IMPRUN_EDITOR_TESTS: '1' }, tree, editor)
    return [
      bundle,
      { figure: 'extension activation, p50', value: median(samplesMs), unit: 'ms', target: { atMost: activationMsMax } },
      { figure: 'tree of 200 x 50 opens, p50', value: median(treeMs), unit: 'ms', target: { atMost: treeMsMax } },
    ]
  } catch (error) {
    if (!(error instanceof RemedyError) || process.env.CI) throw error
    console.log(`Activation is not measured here: ${error.message}`)
    return [bundle]
  }
}

/** Runs one of the suites that measure, and reads what it wrote. */
async function runInHost<Answer>(
  name: string,
  env: Record<string, string>,
  answer: z.ZodType<Answer>,
  editor: Awaited<ReturnType<typeof ensureEditor>>,
): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-figures-'))
  try {
    const file = join(folder, 'figures.json')
    await mkdir(join(repository, 'extension', 'out'), { recursive: true })
    const suite = join(repository, 'extension', 'out', `${name}.cjs`)
    await bundleSuite([join(repository, 'extension', 'test', 'support', `${name}.ts`)], suite)
    const { failed } = await runApiSuite({ editor, vsix: await findVsix(), suite, env: { ...env, [figuresFileVariable]: file } })
    if (failed > 0) throw new Error(`The extension did not pass ${name}.`)
    return answer.parse(JSON.parse(await readFile(file, 'utf8')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
