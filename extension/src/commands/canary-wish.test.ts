import { strict as assert } from 'node:assert'
import { parseSteps, stepsText } from './canary-wish.ts'

describe('the steps of a canary', () => {
  it('are read as they are written', () => {
    const steps = [
      { percent: 5, holdS: 30 },
      { percent: 50, holdS: 600 },
    ]
    assert.equal(stepsText(steps), '5 % for 30 s, 50 % for 10 min')
    assert.deepEqual(parseSteps(stepsText(steps)), steps)
    assert.deepEqual(parseSteps('5% 30s, 50 10min'), steps)
  })

  it('are refused in another form', () => {
    for (const text of ['', '5 %', 'half for 30 s', '5 % for 30 s,']) assert.equal(parseSteps(text), undefined, text)
  })
})
