import { strict as assert } from 'node:assert'
import { type ImprunError, isImprunError } from '@imprun/contracts'
import { createCompiler } from './compile.ts'

describe('compile', () => {
  const saved = new Map([['_lib/tax', 'export const rate: number = 0.22\n']])
  const compiler = createCompiler({
    files: { findCode: async (_, name) => saved.get(name), listNames: async () => [...saved.keys()] },
    packages: { find: async () => undefined },
  })
  const compile = (code: string) => compiler.compile({ gatewayId: 'hometax', name: 'orders/list', code })
  before(() => compiler.start())
  after(() => compiler.stop())

  const refusalOf = async (source: string): Promise<ImprunError> => {
    try {
      await compile(source)
    } catch (error) {
      if (isImprunError(error)) return error
      throw error
    }
    throw new Error('The code was expected to be refused.')
  }

  for (const [form, source] of [
    ['a declared function', 'export default async function list(req: any, res: any) { return res.json({}) }'],
    ['an expression', 'export default (req, res) => res.end()'],
    ['a renamed binding', 'const handler = () => 1\nexport { handler as default }'],
    ['a default beside other exports', 'export const a = 1\nexport const b = 2\nexport default () => a + b'],
  ] as const) {
    it(`turns ${form} into a script that leaves the handler in __exports.default`, async () => {
      const { code } = await compile(source)
      const exported = new Function(`${code}\nreturn __exports`)()
      assert.equal(typeof exported.default, 'function')
    })
  }

  it('carries the source, under its own name, in the map', async () => {
    const source = 'export default () => 세금\nconst 세금: number = 1'
    const map = JSON.parse((await compile(source)).sourceMap)
    assert.deepEqual(map.sources, ['orders/list.ts'])
    assert.deepEqual(map.sourcesContent, [source])
  })

  it('names line, column and length of every fault, counted as editors count', async () => {
    const refusal = await refusalOf('export default () => 1\n/* 한국어 */ const 세금 = ;\n')
    assert.equal(refusal.code, 'CODE_NOT_COMPILING')
    const [fault] = refusal.errors ?? []
    assert.deepEqual({ ...fault, message: '' }, { field: 'orders/list.ts:2:22', message: '', file: 'orders/list.ts', line: 2, column: 22, length: 1 })
  })

  it('refuses what it can not resolve at the place of each import, and reads nothing from the disk', async () => {
    const refusal = await refusalOf("import a from './b.ts'\nimport c from '/etc/hosts'\nimport fs from 'node:fs'\nexport default () => [a, c, fs]")
    assert.equal(refusal.code, 'CODE_NOT_COMPILING')
    assert.deepEqual(
      refusal.errors?.map(({ line, column }) => [line, column]),
      [
        [1, 15],
        [2, 15],
        [3, 16],
      ],
    )
  })

  for (const [form, source] of [
    ['no export at all', 'function list() {}'],
    ['only a named export', 'export const list = () => 1'],
    ['a CommonJS export', 'module.exports = { default: () => 1 }'],
    ['nothing', ''],
  ] as const) {
    it(`refuses ${form} and says what to write`, async () => {
      const refusal = await refusalOf(source)
      assert.equal(refusal.code, 'CODE_WITHOUT_DEFAULT_EXPORT')
      assert.match(refusal.message, /export default async function/)
      assert.equal(refusal.errors?.[0]?.line, 1)
    })
  }
})
