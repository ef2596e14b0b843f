import { strict as assert } from 'node:assert'
import { transformSync } from 'esbuild'
import { createStackMapper } from './stack-mapper.ts'

const source = 'interface Unused {\n  a: string\n}\nexport function tax(): never {\n  throw new Error("no")\n}\n'

function given(name = 'orders/tax') {
  const { map, code } = transformSync(source, { loader: 'ts', sourcemap: 'external', sourcefile: `${name}.ts`, minify: true })
  return { mapper: createStackMapper(`function:${name}`, map), column: code.indexOf('new Error') + 1 }
}

describe('stack mapper', () => {
  it('leads to what the author wrote and leaves out frames that are not his', () => {
    const { mapper, column } = given()
    const stack = `Error: no\n    at tax (function:orders/tax:1:${column})\n    at run (imprun:guest:1:99)\n    at other (function:orders:1:1)`
    assert.equal(mapper.mapStack(stack), 'Error: no\n    at tax (orders/tax.ts:5:9)\n    at other (function:orders:1:1)')
    assert.deepEqual(mapper.findPlace(stack), { file: 'orders/tax.ts', line: 5, column: 9 })
  })

  it('leads into each of the files of a bundle, and to the first that is of the gateway', () => {
    const map = {
      version: 3,
      sources: ['node_modules/zod/index.js', '_lib/tax.ts', 'orders/tax.ts'],
      names: [],
      // One line of code for each source, in this order, each from its third line.
      mappings: 'AAEA;ACAA;ACAA',
    }
    const mapper = createStackMapper('function:orders/tax', JSON.stringify(map))
    const stack = 'Error: no\n    at parse (function:orders/tax:1:1)\n    at rate (function:orders/tax:2:1)\n    at tax (function:orders/tax:3:1)'
    assert.equal(
      mapper.mapStack(stack),
      'Error: no\n    at parse (node_modules/zod/index.js:3:1)\n    at rate (_lib/tax.ts:3:1)\n    at tax (orders/tax.ts:3:1)',
    )
    assert.deepEqual(mapper.findPlace(stack), { file: '_lib/tax.ts', line: 3, column: 1 })
    assert.deepEqual(mapper.findPlace('at function:orders/tax:1:1'), { file: 'node_modules/zod/index.js', line: 3, column: 1 })
  })

  it('takes names for what they are, not for patterns', () => {
    const mapper = createStackMapper('function:a.b', '')
    assert.equal(mapper.findPlace('at function:axb:1:1'), undefined)
    assert.deepEqual(mapper.findPlace('at function:a.b:2:3'), { file: 'a.b', line: 2, column: 3 })
  })

  it('leaves places as they are when the map cannot be read', () => {
    const mapper = createStackMapper('function:f', 'not a map')
    assert.equal(mapper.mapStack('at function:f:1:1'), 'at function:f:1:1')
    assert.equal(mapper.findPlace('at function:f:1:1'), undefined)
  })
})
