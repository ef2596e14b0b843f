import { strict as assert } from 'node:assert'
import type { RunResult } from '@imprun/contracts'
import { untranslated } from '../ui/translate.ts'
import { describeRun } from './describe-run.ts'

const facts = { name: 'greet', method: 'GET', query: 'lang=ko', at: new Date() }
const result: RunResult = {
  status: 200,
  headers: [['content-type', 'application/json']],
  body: '{"a":1}',
  bodyEncoding: 'utf8',
  isTruncated: false,
  durationMs: 3.21,
  logs: [{ level: 'info', message: 'one\ntwo', at: '2026-01-01T00:00:00.000Z', durationMs: 1 }],
}

describe('the page of a run', () => {
  it('tells the answer, what was logged, and the headers', () => {
    const [head, , , ...rest] = describeRun(facts, result, untranslated).split('\n')
    assert.equal(head, '200 OK · 3.2 ms · GET /greet?lang=ko')
    assert.deepEqual(rest, ['{', '  "a": 1', '}', '', 'Logs', '  info  +1.0 ms one', '        two', '', 'Headers', '  content-type: application/json', ''])
  })

  it('tells why there is no answer', () => {
    const failed = { ...result, status: 500, headers: [], body: '', logs: [], error: { code: 'FUNCTION_FAILED', message: 'Error: no\n    at greet.ts:2:3' } }
    assert.match(describeRun(facts, failed, untranslated), /^500 Internal Server Error[\s\S]*FUNCTION_FAILED\nError: no\n {4}at greet\.ts:2:3/)
  })
})
