import { strict as assert } from 'node:assert'
import type { ImprunFunction, Served } from '@imprun/contracts'
import { sampleDeployment, sampleFunction, sampleServed } from '../../test/support/samples.ts'
import { untranslated } from '../ui/translate.ts'
import { describeFunction, describeLifecycle } from './describe.ts'

const at = '2026-01-01T00:00:00.000Z'
const served = (environment: Served['environment'], version: string, liveMs?: number) =>
  sampleServed(environment, version, liveMs === undefined ? {} : { liveMs })
const givenFunction = (list: Served[], isLiveInDev = true): ImprunFunction => sampleFunction('calculateTax', { served: list, isLiveInDev })

describe('describeFunction', () => {
  it('tells version and measured time in dev', () => {
    assert.equal(describeFunction(givenFunction([served('dev', '1.0.3', 38.4)]), 'dev', untranslated), '1.0.3 · live 38 ms')
  })

  it('tells when dev serves less than what was saved, or nothing', () => {
    assert.equal(describeFunction(givenFunction([served('dev', '1.0.3', 38)], false), 'dev', untranslated), '1.0.3 · saved, not live')
    assert.equal(describeFunction(givenFunction([]), 'dev', untranslated), 'not live')
  })

  it('says of a module that it is shared, because it is live in others alone', () => {
    assert.equal(describeFunction({ ...givenFunction([]), name: '_lib/tax', kind: 'module' }, 'dev', untranslated), 'shared')
  })

  it('counts how far an environment is behind the one before it', () => {
    const item = givenFunction([served('dev', '1.0.3'), served('staging', '1.0.1'), served('prod', '1.0.1')])
    assert.equal(describeFunction(item, 'staging', untranslated), '1.0.1 · 2 behind dev')
    assert.equal(describeFunction(item, 'prod', untranslated), '1.0.1')
  })

  it('says what is on its way there', () => {
    const waiting = sampleDeployment('1.0.3', { status: 'PENDING', approval: { required: 2, expiresAt: at, releaseHash: 'h', decisions: [] } })
    const item = givenFunction([served('dev', '1.0.3'), served('staging', '1.0.1')])
    assert.equal(describeFunction(item, 'staging', untranslated, waiting), '1.0.1 · 1.0.3 waits for approval, 0 of 2')
    assert.equal(describeFunction(item, 'prod', untranslated, waiting), '1.0.3 waits for approval, 0 of 2')
  })

  it('names the other version where counting means nothing', () => {
    const item = givenFunction([served('dev', '1.1.0'), served('staging', '1.0.4')])
    assert.equal(describeFunction(item, 'staging', untranslated), '1.0.4 · dev has 1.1.0')
  })
})

describe('describeLifecycle', () => {
  it('gives the reason of a step that fails and of one that stalled', () => {
    const lastError = { code: 'PORTS_EXHAUSTED', message: 'no free port', at }
    assert.equal(describeLifecycle({ phase: 'Starting', isStalled: false, attempts: 2, lastError }, untranslated), 'Starting · trying again: no free port')
    assert.equal(describeLifecycle({ phase: 'Starting', isStalled: true, attempts: 10, lastError }, untranslated), 'Stalled: no free port')
    assert.equal(describeLifecycle({ phase: 'Started', isStalled: false, attempts: 0, lastError }, untranslated), 'Started')
    const deletion = { deadlineAt: at, isOverdue: true, leftovers: ['database gatewayid_hometax'] }
    assert.equal(describeLifecycle({ phase: 'Deleting', isStalled: true, attempts: 12, deletion }, untranslated), 'Deleting · overdue, left over: 1')
  })
})
