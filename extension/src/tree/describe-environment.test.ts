import { strict as assert } from 'node:assert'
import type { Environment } from '@imprun/contracts'
import { sampleEnvironment } from '../../test/support/samples.ts'
import { untranslated } from '../ui/translate.ts'
import { badgesOf, describeEnvironment } from './describe-environment.ts'

const at = '2026-01-01T00:00:00.000Z'
const givenEnvironment = (more: Partial<Environment> = {}): Environment => sampleEnvironment('hometax', 'staging', more)
const rowOf = (more: Partial<Environment>) => describeEnvironment(givenEnvironment(more), untranslated)
const detailOf = (more: Partial<Environment>) => badgesOf(givenEnvironment(more), untranslated)[0]?.detail ?? ''

describe('the row of an environment', () => {
  it('tells where it answers and who may call', () => {
    assert.equal(rowOf({}), 'localhost:7421 · no auth')
    assert.equal(rowOf({ authType: 'key-auth', protection: { approvals: 0, freezes: [] } }), 'localhost:7421 · key-auth')
  })

  it('says first that a rollback holds it, and in its tooltip why and by whom', () => {
    const held = { reason: 'Totals are wrong', at, by: 'kim' }
    assert.equal(rowOf({ held }), 'held by rollback · localhost:7421 · no auth')
    assert.match(detailOf({ held }), /^Held by a rollback: Totals are wrong\nkim, /)
  })

  it('says that it is protected, and by what', () => {
    const freezes = [{ name: 'Weekend', timeZone: 'UTC', weekly: [{ days: ['sat' as const], from: '00:00', to: '24:00' }] }]
    assert.equal(rowOf({ protection: { approvals: 2, freezes } }), 'protected · localhost:7421 · no auth')
    assert.equal(detailOf({ protection: { approvals: 2, freezes } }), 'Needs 2 approvals · freezes: Weekend')
    assert.equal(detailOf({ protection: { approvals: 1, freezes: [] } }), 'Needs 1 approval')
  })

  it('says that it is frozen, by which freeze and until when', () => {
    const frozen = { freeze: 'Year end', reopensAt: '2999-01-02T08:00:00.000Z' }
    assert.match(rowOf({ frozen }), /^frozen until \S.* · localhost:7421/)
    assert.match(detailOf({ frozen }), /^Frozen: Year end\. Nothing is deployed until .*, except by rolling back\.$/)
    assert.match(rowOf({ frozen: { freeze: 'Year end' } }), /^frozen · /)
  })

  it('says that it drifted, also after the repair, and puts the most pressing first', () => {
    const drifted = { at, functions: ['orders/list'] }
    assert.match(detailOf({ drifted }), /^Changed by hand, found .*: orders\/list\nBeing repaired\.$/)
    assert.equal(
      rowOf({ drifted: { ...drifted, repairedAt: at }, held: { reason: 'r', at, by: 'kim' } }),
      'drift repaired · held by rollback · localhost:7421 · no auth',
    )
  })

  it('keeps its badges while it is not started', () => {
    assert.equal(rowOf({ phase: 'Stopped', state: 'inactive', protection: { approvals: 1, freezes: [] } }), 'Stopped · protected')
  })
})
