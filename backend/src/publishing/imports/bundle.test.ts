import { strict as assert } from 'node:assert'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type InputFault, isImprunError } from '@imprun/contracts'
import { createCompiler } from '../compile.ts'

const installed: Record<string, string> = {
  'node_modules/plain/package.json': '{ "name": "plain", "main": "index.js" }',
  'node_modules/plain/index.js': "exports.value = require('./part').value",
  'node_modules/plain/part.js': 'exports.value = 7',
  'node_modules/optional/package.json': '{ "name": "optional", "main": "index.js" }',
  'node_modules/optional/index.js': "try { require('fs') } catch {}\ntry { require('esbuild') } catch (error) { exports.code = error.code }",
  'node_modules/native/package.json': '{ "name": "native", "main": "index.js" }',
  'node_modules/native/index.js': "module.exports = require('./build/addon.node')",
  'node_modules/native/build/addon.node': 'ELF',
  'node_modules/climbing/package.json': '{ "name": "climbing", "main": "index.js" }',
  'node_modules/climbing/index.js': "module.exports = require('../../../secret.json')",
  'node_modules/absolute/package.json': '{ "name": "absolute", "main": "index.js" }',
  '../secret.json': '{ "key": "hunter2" }',
}

describe('bundling of imports', () => {
  const saved = new Map<string, string>()
  let root: string
  let compiler: ReturnType<typeof createCompiler>
  before(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), 'imprun-bundle-')))
    const folder = path.join(root, 'installed')
    const absolute = {
      'node_modules/absolute/index.js': `try { exports.found = require(${JSON.stringify(path.join(root, 'secret.json'))}) } catch (error) { exports.code = error.code }`,
    }
    for (const [name, text] of Object.entries({ ...installed, ...absolute })) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), text)
    }
    const dependencies = { plain: '1', optional: '1', native: '1', climbing: '1', absolute: '1' }
    const packages = { lockHash: 'lock', dependencies, folder, ensure: async () => {}, versionOf: () => '1.0.0' }
    compiler = createCompiler({
      files: { findCode: async (_, name) => saved.get(name), listNames: async () => [...saved.keys()] },
      packages: { find: async () => packages },
    })
    await compiler.start()
  })
  beforeEach(() => saved.clear())
  after(async () => {
    await compiler?.stop()
    await rm(root, { recursive: true, force: true })
  })

  const compile = (code: string, name = 'orders/list') => compiler.compile({ gatewayId: 'hometax', name, code })
  const run = async (code: string): Promise<unknown> => new Function('imp', `${(await compile(code)).code}\nreturn __exports.default()`)({ env: { RATE: '3' } })
  const faultsOf = async (code: string): Promise<readonly InputFault[]> => {
    try {
      await compile(code)
    } catch (error) {
      if (isImprunError(error)) return error.errors ?? []
      throw error
    }
    throw new Error('The code was expected to be refused.')
  }

  for (const specifier of ['../_lib/tax', '../_lib/tax.ts', '../_lib/tax.js', './../_lib/./tax']) {
    it(`finds a saved file as ${specifier}`, async () => {
      saved.set('_lib/tax', 'export const rate: number = 22')
      assert.equal(await run(`import { rate } from '${specifier}'\nexport default () => rate`), 22)
    })
  }

  it('lets files import each other in a circle, the function itself among them', async () => {
    saved.set('orders/list', 'export const mine = "an older text"\nexport default () => mine')
    saved.set('_lib/one', "import { two } from './two'\nexport const one = () => two() + 1")
    saved.set('_lib/two', "import { one } from './one'\nimport { mine } from '../orders/list'\nexport const two = () => (one.length === 0 ? mine : 0)")
    const code = "import { one } from '../_lib/one'\nexport const mine = 5\nexport default () => one()"
    assert.equal(await run(code), 6)
    assert.deepEqual(
      (await compile(code)).imports.map(({ file }) => file),
      ['_lib/one.ts', '_lib/two.ts'],
    )
  })

  it('names every file of the author in the map, with its text, and packages by their place', async () => {
    saved.set('_lib/tax', "import { value } from 'plain'\nexport const rate = value")
    const { sourceMap, packages } = await compile("import { rate } from '../_lib/tax'\nexport default () => rate")
    const map = JSON.parse(sourceMap) as { sources: string[]; sourcesContent: (string | null)[] }
    const contents = new Map(map.sources.map((source, index) => [source, map.sourcesContent[index]]))
    assert.equal(contents.get('_lib/tax.ts'), saved.get('_lib/tax'))
    assert.equal(contents.get('node_modules/plain/index.js'), null)
    assert.deepEqual(packages, { lockHash: 'lock', versions: [{ name: 'plain', version: '1.0.0' }] })
  })

  it('names the fault in the file that has it', async () => {
    saved.set('_lib/tax', 'export const rate =\n')
    const [fault] = await faultsOf("import { rate } from '../_lib/tax'\nexport default () => rate")
    assert.deepEqual([fault?.file, fault?.line], ['_lib/tax.ts', 2])
  })

  it('refuses what is not there, at its line, with what was probably meant', async () => {
    saved.set('_lib/tax', 'export const rate = 22')
    const faults = await faultsOf(
      "import a from '../_lib/tox'\nimport b from '../../etc/passwd'\nimport c from '/etc/passwd'\nimport d from 'plane'\nimport e from 'https://a.b/c'\nexport default () => [a, b, c, d, e]",
    )
    assert.deepEqual(
      faults.map(({ line, column }) => [line, column]),
      [1, 2, 3, 4, 5].map((line) => [line, 15]),
    )
    const said = faults.map(({ message }) => message)
    assert.match(said[0] ?? '', /Did you mean "_lib\/tax"\?/)
    assert.match(said[1] ?? '', /out of the gateway/)
    assert.match(said[3] ?? '', /Did you mean "plain"\?/)
  })

  it("refuses what nothing stands in for, with what to use instead, and Node's file at the author's line", async () => {
    const faults = await faultsOf("import fs from 'node:fs'\nimport * as https from 'https'\nexport default () => [fs, https, import('worker_threads')]")
    assert.deepEqual(
      faults.map(({ line, message }) => [line, /imp\.db\(\)|fetch\(\)|imp\.invoke\(\)/.exec(message)?.[0]]),
      [
        [1, 'imp.db()'],
        [2, 'fetch()'],
        [3, 'imp.invoke()'],
      ],
    )
  })

  it('lets a package try what is not there', async () => {
    assert.equal(await run("import { code } from 'optional'\nexport default () => code"), 'MODULE_NOT_FOUND')
  })

  it('refuses native code and whatever lies outside of the packages, on the line that imports the package', async () => {
    for (const [name, reason] of [
      ['native', /can not be bundled.*\.node/],
      ['climbing', /can not be bundled.*outside of the package/],
    ] as const) {
      const [fault, ...others] = await faultsOf(`const a = 1\nimport thing from '${name}'\nexport default () => [a, thing]`)
      assert.deepEqual([fault?.file, fault?.line, others.length], ['orders/list.ts', 2, 0])
      assert.match(fault?.message ?? '', reason)
      assert.doesNotMatch(fault?.message ?? '', /hunter2|imprun-bundle-/)
    }
  })

  it('finds nothing for a package elsewhere on the disk', async () => {
    assert.deepEqual(await run("import * as absolute from 'absolute'\nexport default () => [absolute.found, absolute.code]"), [undefined, 'MODULE_NOT_FOUND'])
  })

  it('takes a text without imports for one, whatever it tries', async () => {
    const faults = await faultsOf("export default () => requ\\u0069re('/etc/hosts.json')")
    assert.equal(faults.length, 1)
  })

  it("gives process and Buffer to those who use them, with the environment's variables", async () => {
    assert.deepEqual(await run("export default () => [process.env.RATE, Buffer.from('a').toString('hex')]"), ['3', '61'])
    assert.ok(!(await compile("export default () => 'process'")).code.includes('nextTick'))
  })

  it('compiles a module without asking for a default export', async () => {
    const { exportedLiterals } = await compile('export const schedule = later\nconst later = 1', '_lib/times')
    assert.deepEqual(exportedLiterals, {})
  })
})
