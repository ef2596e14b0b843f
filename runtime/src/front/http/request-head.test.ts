import { strict as assert } from 'node:assert'
import { readRequestHead } from './request-head.ts'

describe('the head of a request', () => {
  it('is read in one pass, whatever the case of its names', () => {
    const head = readRequestHead(['HOST', 'a.dev.localhost', 'Content-length', '12', 'X-A', '1', 'x-a', '2'])
    assert.deepEqual(head, {
      host: 'a.dev.localhost',
      apikey: undefined,
      expect: undefined,
      run: undefined,
      contentLength: 12,
      hasBody: true,
      isAmbiguous: false,
      lines: '\nHOST\na.dev.localhost\nContent-length\n12\nX-A\n1\nx-a\n2',
    })
  })
  it('keeps the key from what a function sees', () => {
    const head = readRequestHead(['host', 'a', 'ApiKey', 'imp_dev_x', 'accept', '*/*'])
    assert.equal(head.apikey, 'imp_dev_x')
    assert.equal(head.lines.includes('imp_dev_x'), false)
  })
  it('keeps the ticket of a run from what a function sees', () => {
    const head = readRequestHead(['host', 'a', 'X-Imprun-Run', 'ticket', 'accept', '*/*'])
    assert.equal(head.run, 'ticket')
    assert.equal(head.lines.includes('ticket'), false)
  })
  for (const name of ['Host', 'apikey', 'content-length', 'x-imprun-run']) {
    it(`is ambiguous with a repeated ${name}`, () => assert.equal(readRequestHead([name, '1', name.toUpperCase(), '1']).isAmbiguous, true))
  }
  for (const headers of [
    ['Transfer-Encoding', 'gzip, chunked'],
    ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'chunked', 'Content-Length', '3'],
    ['Content-Length', '3', 'Transfer-Encoding', 'chunked'],
  ]) {
    it(`is ambiguous with ${headers.join(' ')}`, () => assert.equal(readRequestHead(headers).isAmbiguous, true))
  }
  it('knows a body that comes in chunks, and one of no bytes', () => {
    assert.deepEqual(
      [readRequestHead(['Transfer-Encoding', 'chunked'])].map(({ hasBody, contentLength }) => [hasBody, contentLength]),
      [[true, undefined]],
    )
    assert.equal(readRequestHead(['Content-Length', '0']).hasBody, false)
    assert.equal(readRequestHead([]).hasBody, false)
  })
})
