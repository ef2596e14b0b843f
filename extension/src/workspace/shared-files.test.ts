import { strict as assert } from 'node:assert'
import { importedNames } from './shared-files.ts'

describe('importedNames', () => {
  it('finds what is imported by relative path, from where the file is', () => {
    const text = `import { rate } from '../_lib/tax.ts'
import './_setup'
export * from "./list.js"
const late = await import('../../outside')
import * as z from 'zod'
import('./_lib/late')
`
    assert.deepEqual(importedNames('orders/create', text), ['_lib/tax', 'orders/_setup', 'orders/list', 'orders/_lib/late'])
  })
})
