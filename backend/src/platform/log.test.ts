import { strict as assert } from 'node:assert'
import { createLog } from './log.ts'

function givenLog() {
  const lines: string[] = []
  return { lines, log: createLog('info', { write: (line) => void lines.push(line) }) }
}

describe('log', () => {
  it('never prints passwords, tokens, keys or code, wherever they stand', () => {
    const { log, lines } = givenLog()
    const error = new Error('connect mongodb://imprun:hunter2@127.0.0.1:1/ failed', { cause: new Error(`key imp_dev_${'a'.repeat(36)}`) })
    log.child({ token: 'hunter2' }).error({ error, uri: 'mongodb://a:hunter2@b', request: { authorization: 'Bearer hunter2', apiKey: 'hunter2' } }, 'failed')
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines[0] ?? '', /hunter2|aaaa/)
    assert.match(lines[0] ?? '', /"msg":"failed"/)
  })

  it('tells what failed and why, with the code of the error', () => {
    const { log, lines } = givenLog()
    log.warn({ error: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'no connection')
    const { error } = JSON.parse(lines[0] ?? '')
    assert.deepEqual([error.message, error.errorCode], ['refused', 'ECONNREFUSED'])
  })
})
