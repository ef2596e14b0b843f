// Proves the one-way imports: lints small files at the paths the rules are about, with this repository's own biome.json.
import { strict as assert } from 'node:assert'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { programs, repository, runQuietly } from '../scripts/lib/programs.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

interface Diagnostic {
  category: string
  location: { path: string }
}

/** @returns the rules that refuse each file, `style/noRestrictedImports` and the like */
async function lint(files: Record<string, string>): Promise<Map<string, string[]>> {
  await using folder = await temporaryFolder()
  await cp(join(repository, 'biome.json'), join(folder.path, 'biome.json'))
  for (const [path, code] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true })
    await writeFile(join(folder.path, path), code)
  }
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', '.']
  const { output } = await runQuietly(programs.biome, args, { cwd: folder.path })
  const { diagnostics } = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as { diagnostics: Diagnostic[] }
  const refused = new Map<string, string[]>(Object.keys(files).map((path) => [path, []]))
  for (const { category, location } of diagnostics) refused.get(location.path)?.push(category.replace('lint/', ''))
  return refused
}

const importing = (specifier: string) => `import { x } from '${specifier}'\nexport const y = x\n`

/** Each line is one file and what it imports; the file's name is made from its place in the list. */
async function lintImports(cases: [folder: string, specifier: string][]): Promise<{ refused: string[]; passed: string[] }> {
  const named = cases.map(([folder, specifier], index) => ({ path: `${folder.replace('*', `file-${index}`)}`, label: `${folder} <- ${specifier}`, specifier }))
  const found = await lint(Object.fromEntries(named.map(({ path, specifier }) => [path, importing(specifier)])))
  const isRefused = (path: string) => found.get(path)?.includes('style/noRestrictedImports') === true
  return {
    refused: named.filter(({ path }) => isRefused(path)).map(({ label }) => label),
    passed: named.filter(({ path }) => !isRefused(path)).map(({ label }) => label),
  }
}

const forbidden: Record<string, [folder: string, specifier: string][]> = {
  'contracts imports none of the other parts and does no input or output': [
    ['contracts/src/*.ts', '../../backend/src/ids.ts'],
    ['contracts/src/*.ts', '@imprun/runtime'],
    ['contracts/src/gateway-database/*.ts', 'node:fs'],
    ['contracts/src/*.ts', 'express'],
    ['contracts/src/*.ts', 'mongodb'],
  ],
  'the parts meet in contracts only': [
    ['backend/src/*.ts', '../../runtime/src/front/front.ts'],
    ['backend/src/phases/*.ts', '../../../extension/src/api/client.ts'],
    ['backend/src/*.ts', '@imprun/runtime'],
    ['backend/src/*.ts', '../../contracts/src/errors.ts'],
    ['backend/test/integration/*.ts', '../../../runtime/src/config.ts'],
    ['runtime/src/front/*.ts', '../../../backend/src/platform/ids.ts'],
    ['runtime/src/worker/*.ts', '@imprun/backend/src/ids.ts'],
    ['extension/src/*.ts', '../../webviews/src/key/app.ts'],
    ['extension/src/*.ts', '../../backend/src/platform/ids.ts'],
    ['webviews/src/*.ts', '../../extension/src/extension.ts'],
    ['webviews/src/*.ts', 'imprun/src/extension.ts'],
  ],
  'code of a part never leans on its tests': [['backend/src/*.ts', '../test/support/given-backend.ts']],
  'the front never loads the sandbox': [
    ['runtime/src/front/supervision/*.ts', '../../worker/main.ts'],
    ['runtime/src/front/*.ts', '../worker/sandbox/engine.ts'],
    ['runtime/src/front/*.ts', 'isolated-vm'],
    ['runtime/src/*.ts', './worker/sandbox/engine.ts'],
    ['runtime/src/worker/*.ts', 'isolated-vm'],
    ['runtime/src/assignments/*.ts', 'isolated-vm'],
  ],
  'guest code imports nothing of Node nor of its host': [
    ['runtime/src/sandbox/guest/*.ts', 'node:buffer'],
    ['runtime/src/sandbox/guest/*.ts', 'mongodb'],
    ['runtime/src/sandbox/guest/*.ts', '../../worker/sandbox/engine.ts'],
    ['runtime/src/sandbox/guest/*.ts', '../../worker/main.ts'],
  ],
  'one module knows the toolkit of the webviews': [
    ['webviews/src/new-key/*.ts', '@vscode/webview-ui-toolkit'],
    ['extension/src/*.ts', '@vscode/webview-ui-toolkit'],
  ],
  'only the extension runs inside VS Code': [
    ['backend/src/*.ts', 'vscode'],
    ['contracts/src/*.ts', 'vscode'],
    ['runtime/src/*.ts', 'vscode'],
    ['webviews/src/*.ts', 'vscode'],
    ['backend/test/*.ts', 'vscode'],
  ],
}

const allowed: [folder: string, specifier: string][] = [
  ['contracts/src/*.ts', 'zod'],
  ['contracts/src/*.ts', './webviews/messages.ts'],
  ['contracts/src/*.test.ts', 'node:assert'],
  ['backend/src/phases/*.ts', '@imprun/contracts'],
  ['backend/src/phases/*.ts', '@imprun/contracts/errors'],
  ['backend/src/phases/*.ts', '../platform/ids.ts'],
  ['backend/src/*.test.ts', '../test/support/given-backend.ts'],
  ['backend/test/integration/*.ts', '../../src/compose/nouns.ts'],
  ['runtime/test/integration/*.ts', '../../../backend/test/support/given-mongodb.ts'],
  ['runtime/src/front/*.ts', '../frames/frames.ts'],
  ['runtime/src/front/*.ts', './worker-pool.ts'],
  ['runtime/src/worker/*.ts', '../sandbox/bridge.ts'],
  ['runtime/src/sandbox/guest/*.ts', '../bridge.ts'],
  ['runtime/src/sandbox/guest/*.ts', 'bson'],
  ['runtime/src/worker/sandbox/*.ts', 'isolated-vm'],
  ['runtime/src/sandbox/guest/*.ts', './request.ts'],
  ['test/integration/*.ts', '../../backend/src/bell/bell-hub.ts'],
  ['extension/src/*.ts', 'vscode'],
  ['extension/test/suite/*.ts', 'vscode'],
  ['webviews/src/*.ts', '@imprun/contracts/webviews/messages'],
  ['webviews/src/shared/toolkit.ts', '@vscode/webview-ui-toolkit'],
]

describe('boundaries', () => {
  for (const [title, cases] of Object.entries(forbidden)) {
    it(title, async () => assert.deepEqual((await lintImports(cases)).passed, []))
  }

  it('leaves every import open that the layout allows', async () => {
    assert.deepEqual((await lintImports(allowed)).refused, [])
  })

  it('refuses every form of an import', async () => {
    const target = `'../../runtime/src/config.ts'`
    const found = await lint({
      'backend/src/a.ts': `import type { X } from ${target}\nexport type Y = X\n`,
      'backend/src/b.ts': `export * from ${target}\n`,
      'backend/src/c.ts': `export const load = () => import(${target})\n`,
    })
    for (const [path, rules] of found) assert.deepEqual([path, rules], [path, ['style/noRestrictedImports']])
  })

  it('lets only the main programs, scripts, tests and benchmarks read process.env', async () => {
    const readers = [
      'backend/src/main.ts',
      'runtime/src/main.ts',
      'runtime/src/worker/main.ts',
      'scripts/tasks/a.ts',
      'bench/a.ts',
      'backend/test/support/a.ts',
    ]
    const others = [
      'backend/src/config.ts',
      'backend/src/http/main.ts',
      'runtime/src/front/a.ts',
      'contracts/src/a.ts',
      'extension/src/a.ts',
      'webviews/src/a.ts',
    ]
    const found = await lint(Object.fromEntries([...readers, ...others].map((path) => [path, 'export const home = process.env.HOME\n'])))
    const refused = [...found].filter(([, rules]) => rules.includes('style/noProcessEnv')).map(([path]) => path)
    assert.deepEqual(refused, others)
  })
})
