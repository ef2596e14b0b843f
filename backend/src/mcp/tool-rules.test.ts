import { strict as assert } from 'node:assert'
import { isImprunError } from '@imprun/contracts'
import { checkInputSchema, compileInputSchema, type InputSchema, parseFunctionUrl } from './tool-rules.ts'

const isInvalid = (error: unknown) => isImprunError(error) && error.code === 'INPUT_INVALID'

describe('a functionUrl', () => {
  const hometax = { gatewayId: 'hometax', environment: 'prod', name: 'calculateTax' }
  for (const [url, target] of [
    ['https://hometax.prod.api.imprun.dev/calculateTax', hometax],
    ['http://hometax.prod.localhost:7421/calculateTax', hometax],
    ['http://localhost:7421/hometax/prod/calculateTax', hometax],
    ['https://functions.example.com/hometax/dev/orders/list', { gatewayId: 'hometax', environment: 'dev', name: 'orders/list' }],
    ['https://hometax.dev.example.com/orders%2Flist', { gatewayId: 'hometax', environment: 'dev', name: 'orders/list' }],
  ] as const) {
    it(`is read by host or by path: ${url}`, () => assert.deepEqual(parseFunctionUrl(url), target))
  }

  for (const url of [
    'ftp://hometax.prod.api.imprun.dev/calculateTax',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:127.0.0.1]/admin',
    'http://2130706433/hometax/production/calculateTax',
    'https://hometax.prod.api.imprun.dev/',
    'https://hometax.prod.api.imprun.dev/../../etc/passwd%00',
    'https://user:secret@hometax.prod.api.imprun.dev/calculateTax',
    'https://hometax.prod.api.imprun.dev/calculateTax?income=1',
    'https://hometax.prod.api.imprun.dev/%E0%A4%A',
    'https://HOMETAX_X.prod.api.imprun.dev/calculateTax',
    'https://example.com/calculateTax',
  ]) {
    it(`is refused when it names no function: ${url}`, () => assert.throws(() => parseFunctionUrl(url), isInvalid))
  }
})

describe('an input schema', () => {
  for (const schema of [
    { type: 'object' },
    { type: 'object', properties: { income: { type: 'number', description: '연간 소득' } }, required: ['income'] },
    { type: 'object', properties: { at: { $ref: '#/$defs/date' } }, $defs: { date: { type: 'string', format: 'date', pattern: '^\\d+' } } },
  ] as InputSchema[]) {
    it(`is taken when it is valid: ${JSON.stringify(schema)}`, () => checkInputSchema(schema))
  }

  for (const schema of [
    { type: 'object', properties: { income: { type: 'money' } } },
    { type: 'object', properties: { income: { $ref: '#/$defs/nowhere' } } },
    { type: 'object', properties: { income: { $ref: 'https://example.com/schema.json' } } },
    { type: 'object', properties: { income: { type: 'string', pattern: '(' } } },
    { type: 'object', $schema: 'https://example.com/own-dialect' },
    { type: 'object', description: 'x'.repeat(70_000) },
  ] as InputSchema[]) {
    it(`is refused when agents could not use it: ${JSON.stringify(schema).slice(0, 100)}`, () => assert.throws(() => checkInputSchema(schema), isInvalid))
  }

  it('judges arguments by everything but regular expressions, which could run for ever', () => {
    const validate = compileInputSchema({
      type: 'object',
      properties: { pattern: { type: 'string', pattern: '^(a+)+$' }, income: { type: 'number' } },
      required: ['pattern', 'income'],
    })
    assert.deepEqual(validate({ pattern: `${'a'.repeat(40)}!`, income: 1 }), { valid: true })
    const refused = validate({ pattern: 'a', income: '1' })
    assert.equal(refused.valid, false)
    assert.match(refused.valid ? '' : refused.errorMessage, /income/)
  })
})
