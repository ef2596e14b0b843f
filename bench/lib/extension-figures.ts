import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { bundleSuite } from '../../extension/test/runner/bundle-suite.ts'
import { ensureEditor, findVsix } from '../../extension/test/runner/editor.ts'
import { runApiSuite } from '../../extension/test/runner/run-api-suite.ts'
import { activationFileVariable } from '../../extension/test/support/activation-file.ts'
import { RemedyError } from '../../scripts/lib/errors.mjs'
import { fileInRepository, repository, runQuietly } from '../../scripts/lib/programs.ts'
import { type Figure, median } from './figures.ts'

const activationRuns = 5
const bundleKbMax = 400
const activationMsMax = 100

/** Builds the extension and activates it in a real VS Code, with a backend that runs on `home`. */
export async function measureExtension(home: string): Promise<Figure[]> {
  const { isOk, output } = await runQuietly(fileInRepository('extension/scripts/build.ts'), [])
  if (!isOk) throw new Error(`The extension does not build:\n${output}`)
  const { size } = await stat(join(repository, 'extension', 'dist', 'extension.cjs'))
  const bundle: Figure = { figure: 'extension bundle', value: size / 1024, unit: 'KB', target: { atMost: bundleKbMax } }
  try {
    const editor = await ensureEditor()
    const samplesMs: number[] = []
    for (let run = 0; run < activationRuns; run++) samplesMs.push(await activateOnce(home, editor))
    return [bundle, { figure: 'extension activation, p50', value: median(samplesMs), unit: 'ms', target: { atMost: activationMsMax } }]
  } catch (error) {
    if (!(error instanceof RemedyError) || process.env.CI) throw error
    console.log(`Activation is not measured here: ${error.message}`)
    return [bundle]
  }
}

async function activateOnce(home: string, editor: Awaited<ReturnType<typeof ensureEditor>>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-activation-'))
  try {
    const file = join(folder, 'activation.json')
    await mkdir(join(repository, 'extension', 'out'), { recursive: true })
    const suite = join(repository, 'extension', 'out', 'activation-suite.cjs')
    await bundleSuite([join(repository, 'extension', 'test', 'support', 'activation-suite.ts')], suite)
    const { failed } = await runApiSuite({ editor, vsix: await findVsix(), suite, env: { IMPRUN_HOME: home, [activationFileVariable]: file } })
    if (failed > 0) throw new Error('The extension did not activate.')
    return z.object({ activationMs: z.number() }).parse(JSON.parse(await readFile(file, 'utf8'))).activationMs
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
