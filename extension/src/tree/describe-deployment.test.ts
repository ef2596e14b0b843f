import { strict as assert } from 'node:assert'
import type { Canary, Deployment } from '@imprun/contracts'
import { sampleDeployment } from '../../test/support/samples.ts'
import { untranslated } from '../ui/translate.ts'
import { describeDeployment, stepsOf } from './describe-deployment.ts'

const at = '2026-01-01T00:00:00.000Z'
const canary: Canary = {
  percent: 10,
  step: 1,
  steps: [
    { percent: 10, holdS: 60 },
    { percent: 50, holdS: 60 },
  ],
  errorRateMax: 0.05,
  window: { baseline: { calls: 120, failed: 0 }, candidate: { calls: 12, failed: 1 } },
  verdict: 'insufficient',
  isHealthCheck: false,
  expiresAt: at,
}
const approval: NonNullable<Deployment['approval']> = {
  required: 2,
  expiresAt: at,
  releaseHash: 'h',
  decisions: [{ userId: 'u', by: 'lee', decision: 'approved', at, comment: 'Looks right' }],
}
const rowOf = (more: Partial<Deployment>) => describeDeployment(sampleDeployment('1.0.3', more), untranslated)
const steps = (more: Partial<Deployment>) => stepsOf(sampleDeployment('1.0.3', more), untranslated).map(({ label, icon }) => `${icon} ${label}`)

describe('the row of a deployment', () => {
  it('tells the way, the result and who asked for it', () => {
    assert.equal(rowOf({}), '→ dev · live in 38 ms · kim')
    assert.equal(rowOf({ status: 'FAILED', from: 'staging', environment: 'prod' }), 'staging → prod · FAILED · kim')
    assert.equal(rowOf({ kind: 'rollback' }), 'back in dev · live in 38 ms · kim')
  })

  it('tells what it waits for, and what part of the callers it serves', () => {
    assert.equal(rowOf({ status: 'PENDING', approval }), '→ dev · waits for approval, 1 of 2 · kim')
    assert.equal(rowOf({ status: 'IN_PROGRESS', canary }), '→ dev · canary 10 % · kim')
    assert.equal(rowOf({ status: 'IN_PROGRESS', canary: { ...canary, isHealthCheck: true } }), '→ dev · health check · kim')
  })
})

describe('the steps of a deployment', () => {
  it('show who approved and how many are missing', () => {
    assert.deepEqual(steps({ status: 'PENDING', approval }), [
      'pass lee approved',
      'clockface 1 approval is missing',
      'circle-large-outline VALIDATING',
      'circle-large-outline IN_PROGRESS',
    ])
  })

  it('show where a canary is', () => {
    assert.deepEqual(steps({ status: 'IN_PROGRESS', canary }), [
      'pass VALIDATING',
      'sync~spin 10 % of the callers for 60 s',
      'circle-large-outline 50 % of the callers for 60 s',
    ])
    const [, first] = stepsOf(sampleDeployment('1.0.3', { status: 'IN_PROGRESS', canary }), untranslated)
    assert.equal(first?.description, 'too few requests to judge by · new: 1 of 12 failed · before: 0 of 120 failed')
  })

  it('show the step at which a canary failed', () => {
    assert.deepEqual(steps({ status: 'ROLLED_BACK', canary: { ...canary, verdict: 'failing' } }).at(1), 'error 10 % of the callers for 60 s')
  })
})
