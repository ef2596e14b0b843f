import { strict as assert } from 'node:assert'
import type { Environment, ImprunFunction, Served } from '@imprun/contracts'
import { untranslated } from '../ui/translate.ts'
import { describeEnvironment, describeFunction, describeHold, describeLifecycle } from './describe.ts'

const at = '2026-01-01T00:00:00.000Z'
const served = (environment: Served['environment'], version: string, liveMs?: number): Served => ({
  environment,
  version,
  releaseId: `release-${version}`,
  revision: 1,
  deploymentId: 'd',
  at,
  by: 'kim',
  ...(liveMs === undefined ? {} : { liveMs }),
})
const givenFunction = (list: Served[], isLiveInDev = true): ImprunFunction => ({
  functionId: 'f',
  gatewayId: 'hometax',
  name: 'calculateTax',
  kind: 'function',
  revision: 3,
  limits: {},
  served: list,
  isLiveInDev,
  updatedAt: at,
  updatedBy: 'kim',
})

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
  })
})

describe('an environment that a rollback holds', () => {
  const environment: Environment = {
    gatewayId: 'hometax',
    name: 'staging',
    authType: 'none',
    url: 'http://hometax.staging.localhost:7421',
    pathUrl: 'http://localhost:7421/hometax/staging',
    state: 'active',
    phase: 'Started',
    attempts: 0,
    isStalled: false,
    held: { reason: 'Totals are wrong', at, by: 'kim' },
    updatedAt: at,
  }

  it('says so in its row, and why and by whom in its tooltip', () => {
    assert.equal(describeEnvironment(environment, untranslated), 'localhost:7421 · no auth · held by rollback')
    assert.match(describeHold(environment, untranslated) ?? '', /^Held by a rollback: Totals are wrong\nkim, /)
  })

  it('says nothing of it once the hold is lifted', () => {
    const { held: _, ...free } = environment
    assert.equal(describeEnvironment(free, untranslated), 'localhost:7421 · no auth')
    assert.equal(describeHold(free, untranslated), undefined)
  })
})
