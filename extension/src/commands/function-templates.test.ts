import { strict as assert } from 'node:assert'
import { transform } from 'esbuild'
import { untranslated } from '../ui/translate.ts'
import { functionTemplates, handlerName } from './function-templates.ts'

describe('function templates', () => {
  for (const { label, source } of functionTemplates(untranslated))
    it(`compile with a default export: ${label}`, async () => {
      const { code } = await transform(source('hello'), { loader: 'ts', format: 'esm' })
      assert.match(code, /hello as default|export default/)
    })
})

describe('handlerName', () => {
  it('makes an identifier of the last part of a name', () => {
    assert.equal(handlerName('calculateTax'), 'calculateTax')
    assert.equal(handlerName('orders/list-all'), 'listAll')
    assert.equal(handlerName('orders/delete'), 'deleteHandler')
    assert.equal(handlerName('_lib/_tax-rates'), 'taxRates')
  })
})
