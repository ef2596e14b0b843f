import { strict as assert } from 'node:assert'
import type { Freeze, Weekday } from '@imprun/contracts'
import { freezeAt } from './freeze-at.ts'

const weekly = (timeZone: string, days: Weekday[], from: string, to: string): Freeze => ({ name: 'quiet', timeZone, weekly: [{ days, from, to }] })
const once = (timeZone: string, from: string, to: string): Freeze => ({ name: 'release stop', timeZone, from, to })
const reopens = (freezes: Freeze[], at: string) => freezeAt(freezes, new Date(at))?.reopensAt?.toISOString()
const isOpen = (freezes: Freeze[], at: string) => assert.equal(freezeAt(freezes, new Date(at)), undefined, `${at} should be open`)

/** In Berlin clocks leap from 02:00 to 03:00 on 2026-03-29 (01:00Z) and go back from 03:00 to 02:00 on 2026-10-25 (01:00Z). */
const berlin = 'Europe/Berlin'
/** In New York they leap from 02:00 to 03:00 on 2026-03-08 (07:00Z) and go back from 02:00 to 01:00 on 2026-11-01 (06:00Z). */
const newYork = 'America/New_York'

describe('a freeze', () => {
  it('tells its name and when it ends, and ends to the millisecond', () => {
    const freezes = [once(berlin, '2026-12-24T00:00', '2026-12-27T00:00')]
    isOpen(freezes, '2026-12-23T22:59:59.999Z')
    assert.deepEqual(freezeAt(freezes, new Date('2026-12-23T23:00:00.000Z')), { name: 'release stop', reopensAt: new Date('2026-12-26T23:00:00.000Z') })
    assert.equal(reopens(freezes, '2026-12-26T22:59:59.999Z'), '2026-12-26T23:00:00.000Z')
    isOpen(freezes, '2026-12-26T23:00:00.000Z')
  })

  it('keeps its local hours in winter and in summer', () => {
    const freezes = [weekly(newYork, ['fri'], '17:00', '24:00')]
    assert.equal(reopens(freezes, '2026-01-09T22:00:00Z'), '2026-01-10T05:00:00.000Z')
    isOpen(freezes, '2026-01-09T21:59:00Z')
    assert.equal(reopens(freezes, '2026-07-10T21:00:00Z'), '2026-07-11T04:00:00.000Z')
    isOpen(freezes, '2026-07-10T20:59:00Z')
  })

  for (const [name, timeZone, days, from, to, at, end] of [
    ['23 hours on the day that loses one', berlin, ['sun'], '00:00', '24:00', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00.000Z'],
    ['25 hours on the day that gains one', berlin, ['sun'], '00:00', '24:00', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00.000Z'],
    ['23 hours in New York', newYork, ['sun'], '00:00', '24:00', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00.000Z'],
    ['25 hours in New York', newYork, ['sun'], '00:00', '24:00', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00.000Z'],
    ['over the leap', newYork, ['sun'], '01:00', '04:00', '2026-03-08T06:00:00Z', '2026-03-08T08:00:00.000Z'],
    ['over the hour that comes twice', newYork, ['sun'], '00:30', '03:00', '2026-11-01T04:30:00Z', '2026-11-01T08:00:00.000Z'],
  ] as [string, string, Weekday[], string, string, string, string][]) {
    it(`lasts ${name}`, () => {
      const freezes = [weekly(timeZone, days, from, to)]
      assert.equal(reopens(freezes, at), end)
      isOpen(freezes, new Date(new Date(at).getTime() - 1).toISOString())
      isOpen(freezes, end)
    })
  }

  it('that begins at a time which does not exist begins with the leap', () => {
    const freezes = [weekly(berlin, ['sun'], '02:30', '05:00')]
    isOpen(freezes, '2026-03-29T00:59:59Z')
    assert.equal(reopens(freezes, '2026-03-29T01:00:00Z'), '2026-03-29T03:00:00.000Z')
  })

  it('that ends at a time which does not exist ends with the leap', () => {
    const freezes = [once(newYork, '2026-03-08T00:00', '2026-03-08T02:30')]
    assert.equal(reopens(freezes, '2026-03-08T06:59:59Z'), '2026-03-08T07:00:00.000Z')
    isOpen(freezes, '2026-03-08T07:00:00Z')
  })

  it('whose hours the clocks leap over altogether is none on that day', () => {
    const freezes = [weekly(berlin, ['sun'], '02:10', '02:50')]
    isOpen(freezes, '2026-03-29T00:59:59Z')
    isOpen(freezes, '2026-03-29T01:00:00Z')
    assert.equal(reopens(freezes, '2026-03-22T01:10:00Z'), '2026-03-22T01:50:00.000Z')
  })

  it('between times that exist twice lasts from the first to the last', () => {
    const freezes = [weekly(berlin, ['sun'], '02:15', '02:45')]
    isOpen(freezes, '2026-10-25T00:14:59Z')
    assert.equal(reopens(freezes, '2026-10-25T00:15:00Z'), '2026-10-25T01:45:00.000Z')
    assert.equal(reopens(freezes, '2026-10-25T01:00:00Z'), '2026-10-25T01:45:00.000Z')
    isOpen(freezes, '2026-10-25T01:45:00Z')
  })

  it('that ends where another begins is open only when both are over', () => {
    const freezes = [weekly(berlin, ['fri'], '17:00', '24:00'), weekly(newYork, ['sat', 'sun'], '00:00', '24:00'), weekly(berlin, ['sat'], '00:00', '08:00')]
    assert.equal(reopens(freezes, '2026-07-10T15:00:00Z'), '2026-07-13T04:00:00.000Z')
  })

  it('that never ends says so', () => {
    const all: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
    assert.deepEqual(freezeAt([weekly(berlin, all, '00:00', '24:00')], new Date('2026-07-10T15:00:00Z')), { name: 'quiet', reopensAt: undefined })
  })
})
