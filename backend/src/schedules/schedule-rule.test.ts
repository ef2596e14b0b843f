import { strict as assert } from 'node:assert'
import { isImprunError } from '@imprun/contracts'
import { readScheduleRule } from './schedule-rule.ts'

const at = (value: string, line = 3) => ({ value, line, column: 25 })
const faultsOf = (name: string, ...literals: Parameters<typeof readScheduleRule>[1][]) => {
  try {
    readScheduleRule(name, Object.assign({}, ...literals))
    return undefined
  } catch (error) {
    assert.ok(isImprunError(error) && error.code === 'SCHEDULE_INVALID', String(error))
    return error.errors?.map(({ file, line, message }) => `${file}:${line} ${message}`)
  }
}

describe('the schedule of a function', () => {
  it('is five fields, in UTC unless a time zone is named', () => {
    assert.deepEqual(readScheduleRule('nightly', { schedule: at(' */5 * * * * ') }), { cron: '*/5 * * * *', timeZone: 'UTC' })
    assert.deepEqual(readScheduleRule('nightly', { schedule: at('0 9 * * 1-5'), timeZone: at('Asia/Seoul') }), { cron: '0 9 * * 1-5', timeZone: 'Asia/Seoul' })
  })
  it('is nothing that a time zone alone would make', () => assert.equal(readScheduleRule('nightly', { timeZone: at('Asia/Seoul') }), undefined))
  for (const [cron, why] of [
    ['*/1 * * * * *', /five fields/],
    ['* * * *', /five fields/],
    ['@daily', /five fields/],
    ['61 * * * *', /not valid: .*61/],
    ['every 5 min s please', /not valid/],
    ['0 0 30 2 *', /never comes/],
  ] as const) {
    it(`is refused at its line when it says "${cron}"`, () => {
      const [fault, ...others] = faultsOf('nightly', { schedule: at(cron) }) ?? []
      assert.deepEqual(others, [])
      assert.match(fault ?? '', /^nightly\.ts:3 /)
      assert.match(fault ?? '', why)
    })
  }
  it('is refused with the line of a time zone that is none', () => {
    assert.match(faultsOf('nightly', { schedule: at('0 9 * * *') }, { timeZone: at('Mars/Base', 4) })?.[0] ?? '', /^nightly\.ts:4 "Mars\/Base"/)
  })
  it('is nothing that middleware may have', () => assert.match(faultsOf('orders/_middleware', { schedule: at('0 9 * * *') })?.[0] ?? '', /Middleware/))
})
