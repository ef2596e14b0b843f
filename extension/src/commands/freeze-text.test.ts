import { strict as assert } from 'node:assert'
import { freezeText, onceText, parseOnce, parseWeekly, weeklyText } from './freeze-text.ts'

describe('the text of a freeze', () => {
  it('is read as it is written, for every week', () => {
    const weekly = [
      { days: ['fri' as const], from: '17:00', to: '24:00' },
      { days: ['sat' as const, 'sun' as const], from: '00:00', to: '24:00' },
    ]
    assert.equal(weeklyText(weekly), 'fri 17:00-24:00, sat sun 00:00-24:00')
    assert.deepEqual(parseWeekly(weeklyText(weekly)), weekly)
    assert.deepEqual(parseWeekly(' Fri 17:00 – 24:00 '), weekly.slice(0, 1))
  })

  it('is read as it is written, for once', () => {
    const once = { from: '2026-12-24T18:00', to: '2027-01-02T08:00' }
    assert.deepEqual(parseOnce(onceText(once)), once)
    assert.deepEqual(parseOnce('2026-12-24 18:00 - 2027-01-02 08:00'), once)
  })

  it('is refused when it has another form', () => {
    for (const text of ['', 'friday 17:00-24:00', 'fri 17-24', 'fri']) assert.equal(parseWeekly(text), undefined, text)
    for (const text of ['', '2026-12-24', 'tomorrow - 2027-01-02T08:00']) assert.equal(parseOnce(text), undefined, text)
  })

  it('tells the time zone with it', () => {
    assert.equal(
      freezeText({ name: 'Year end', timeZone: 'Asia/Seoul', from: '2026-12-24T18:00', to: '2027-01-02T08:00' }),
      '2026-12-24T18:00 – 2027-01-02T08:00 · Asia/Seoul',
    )
  })
})
