import { strict as assert } from 'node:assert'
import { findDefaultExport, sampleBody } from './default-export.ts'

describe('findDefaultExport', () => {
  it('finds a declared and a listed default export at the word export', () => {
    assert.equal(findDefaultExport('const a = 1\n  export default async function f(req, res) {}'), 14)
    assert.equal(findDefaultExport('function f() {}\nexport { f as default }'), 16)
  })

  it('finds none in code that has none', () => {
    assert.equal(findDefaultExport('export const a = 1 // export default later'), undefined)
  })
})

describe('sampleBody', () => {
  it('gives every name that is taken out of the body a value', () => {
    assert.deepEqual(sampleBody('const { income, deductions } = req.body'), { income: 100, deductions: 20 })
    assert.deepEqual(sampleBody('let { a: first, b = 2, ...rest } = await req.body'), { a: 100, b: 20 })
  })

  it('is undefined for a function that takes nothing out of the body', () => {
    assert.equal(sampleBody('export default (req, res) => res.json({})'), undefined)
  })
})
