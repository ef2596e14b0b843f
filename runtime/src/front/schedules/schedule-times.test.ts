import { strict as assert } from 'node:assert'
import { missedCountMax, nextTime, timesUntil } from './schedule-times.ts'

const next = (cron: string, timeZone: string, after: string): string | undefined => nextTime({ cron, timeZone }, new Date(after))?.toISOString()

describe('the times of a schedule', () => {
  it('lie after the given one, never on it', () => {
    assert.equal(next('*/5 * * * *', 'UTC', '2026-11-22T10:00:00Z'), '2026-11-22T10:05:00.000Z')
    assert.equal(next('*/5 * * * *', 'UTC', '2026-11-22T09:59:59.999Z'), '2026-11-22T10:00:00.000Z')
  })
  it('are those of the time zone, also when its clock is set', () => {
    assert.equal(next('0 9 * * *', 'Asia/Seoul', '2026-11-22T00:00:00Z'), '2026-11-23T00:00:00.000Z')
    assert.equal(next('0 9 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z'), '2026-10-25T08:00:00.000Z')
    assert.equal(next('0 9 * * *', 'Europe/Berlin', '2026-10-23T12:00:00Z'), '2026-10-24T07:00:00.000Z')
  })
  it('come once where the hour is not there in spring, and once where it is there twice in autumn', () => {
    assert.equal(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z')?.slice(0, 10), '2026-03-29')
    const first = next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z') as string
    assert.equal(next('30 2 * * *', 'Europe/Berlin', first), '2026-10-26T01:30:00.000Z')
  })
  it('are counted from the first that was missed to the last', () => {
    const rule = { cron: '0 * * * *', timeZone: 'UTC' }
    const missed = timesUntil(rule, new Date('2026-11-22T06:00:00Z'), new Date('2026-11-22T09:59:00Z'))
    assert.deepEqual(missed, { count: 4, last: new Date('2026-11-22T09:00:00Z') })
    assert.deepEqual(timesUntil(rule, new Date('2026-11-22T06:00:00Z'), new Date('2026-11-22T06:00:00Z')).count, 1)
  })
  it('are not counted without end', () => {
    assert.equal(timesUntil({ cron: '* * * * *', timeZone: 'UTC' }, new Date('2026-01-01T00:00:00Z'), new Date('2026-11-22T00:00:00Z')).count, missedCountMax)
  })
})
