import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { patchEnvironmentSchema } from './environment.ts'
import { protectionSchema } from './protection.ts'

const faultsOf = (freeze: object) => {
  const parsed = protectionSchema.safeParse({ freezes: [freeze] })
  return parsed.success ? [] : parsed.error.issues
}
const named = { name: 'quiet', timeZone: 'Europe/Berlin' }
const weekly = (window: object) => ({ ...named, weekly: [{ days: ['fri'], from: '17:00', to: '24:00', ...window }] })

describe('the guide', () => {
  it('shows a protection that is accepted as it stands', async () => {
    const guide = await readFile(new URL('../../docs/deployments.md', import.meta.url), 'utf8')
    const [, example] = /```json\n([^`]*"protection"[^`]*)```/.exec(guide) ?? []
    assert.equal(patchEnvironmentSchema.parse(JSON.parse(example ?? '')).protection?.freezes.length, 2)
  })
})

describe('a freeze', () => {
  for (const [name, freeze] of [
    ['once', { ...named, from: '2026-12-24T00:00', to: '2026-12-27T00:00' }],
    ['weekly, to the end of the day', weekly({})],
    ['in UTC', { ...weekly({}), timeZone: 'UTC' }],
  ] as [string, object][]) {
    it(`may be ${name}`, () => assert.deepEqual(faultsOf(freeze), []))
  }

  for (const [name, freeze] of [
    ['a time zone that nobody knows', { ...weekly({}), timeZone: 'Mars/Olympus' }],
    ['an offset for a time zone', { ...weekly({}), timeZone: '+02:00' }],
    ['an end before its beginning', { ...named, from: '2026-12-27T00:00', to: '2026-12-24T00:00' }],
    ['no length', { ...named, from: '2026-12-24T00:00', to: '2026-12-24T00:00' }],
    ['a day that is in no calendar', { ...named, from: '2026-02-30T00:00', to: '2026-03-24T00:00' }],
    ['a window over midnight', weekly({ from: '22:00', to: '06:00' })],
    ['an hour that no day has', weekly({ from: '24:30' })],
    ['no name', { ...weekly({}), name: ' ' }],
    ['both kinds at once', { ...weekly({}), from: '2026-12-24T00:00', to: '2026-12-27T00:00' }],
    ['no days', weekly({ days: [] })],
  ] as [string, object][]) {
    it(`with ${name} is refused`, () => assert.notEqual(faultsOf(freeze).length, 0))
  }
})
