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
    assert.deepEqual(mapper.findPlace(stack), { line: 5, column: 9 })
  })

  it('takes names for what they are, not for patterns', () => {
    const mapper = createStackMapper('function:a.b', '')
    assert.equal(mapper.findPlace('at function:axb:1:1'), undefined)
    assert.deepEqual(mapper.findPlace('at function:a.b:2:3'), { line: 2, column: 3 })
  })

  it('leaves places as they are when the map cannot be read', () => {
    const mapper = createStackMapper('function:f', 'not a map')
    assert.equal(mapper.mapStack('at function:f:1:1'), 'at function:f:1:1')
    assert.equal(mapper.findPlace('at function:f:1:1'), undefined)
  })
})
