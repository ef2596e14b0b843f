import { strict as assert } from 'node:assert'
import type { ErrorCode } from '@imprun/contracts'
import type { StoredRelease } from '../releases/release-store.ts'
import { refused } from './deployment-errors.ts'
import { evaluateGates, type GateFacts, type Refusal } from './gates.ts'
import { gatesAtDispatch, type PrepareDeps } from './prepare.ts'
import type { StoredDeployment } from './stored-deployment.ts'

const at = new Date('2026-12-24T12:00:00Z')
const freezes = [{ name: 'Christmas', timeZone: 'Europe/Berlin', from: '2026-12-24T00:00', to: '2026-12-27T00:00' }]
const inOrder: GateFacts = {
  functionName: 'calculateTax',
  target: { environment: 'prod', state: 'active', phase: 'Started' },
  at,
  pipeline: 'on',
  isAutomation: false,
  from: 'staging',
  release: { version: '1.0.0', releaseId: 'r1' },
  served: { staging: { releaseId: 'r1' } },
}

const withTarget = (facts: GateFacts, target: Partial<GateFacts['target']>): GateFacts => ({ ...facts, target: { ...facts.target, ...target } })
const withShortfall = (facts: GateFacts, more: Partial<NonNullable<GateFacts['shortfall']>>): GateFacts => ({
  ...facts,
  shortfall: { variables: [], limits: [], ...facts.shortfall, ...more },
})

const regionFault: Refusal = { code: 'REGION_UNREACHABLE', detail: 'No runtime answers. Try again.' }

/** What makes each gate refuse, apart from whatever else is wrong, in the order of the gates. */
const faults: Partial<Record<ErrorCode, (facts: GateFacts) => GateFacts>> = {
  MODULE_NOT_PUBLISHABLE: (facts) => ({ ...facts, functionName: '_lib/tax' }),
  CODE_NOT_COMPILING: (facts) => ({ ...facts, codeRefusal: { code: 'CODE_NOT_COMPILING', detail: 'Expected ")" in line 3. Mend it.' } }),
  NO_RELEASE_IN_ENVIRONMENT: (facts) => ({ ...facts, release: undefined }),
  STAGE_ORDER_VIOLATED: (facts) => ({ ...facts, from: 'dev', served: {} }),
  ENVIRONMENT_NOT_STARTED: (facts) => withTarget(facts, { phase: 'Stopped', state: 'inactive' }),
  REGION_UNREACHABLE: (facts) => withTarget(facts, { regionFault }),
  ENVIRONMENT_HELD: (facts) => withTarget({ ...facts, isAutomation: true }, { held: { reason: 'wrong tax' } }),
  ENVIRONMENT_FROZEN: (facts) => withTarget(facts, { protection: { approvals: 0, freezes } }),
  LIMITS_ABOVE_ENVIRONMENT: (facts) => withShortfall(facts, { limits: [{ name: 'timeoutMs', asked: 9, allowed: 5 }] }),
  VARIABLES_MISSING: (facts) => withShortfall(facts, { variables: ['RATE'] }),
}
const codes = Object.keys(faults) as ErrorCode[]
const codesOf = (refusals: readonly Refusal[]) => refusals.map(({ code }) => code)
/** A reason, and then what to do about it. */
const reasonAndRemedy = /^.+[.)] [A-Z"].+\.$/s

describe('gates of a deployment that is asked for', () => {
  for (const [index, one] of codes.entries())
    for (const other of codes.slice(index))
      it(`tell ${one === other ? one : `${one} together with ${other}`}`, () => {
        const facts = [one, other].reduce((wrong, code) => faults[code]?.(wrong) ?? wrong, inOrder)
        const refusals = evaluateGates(facts)
        assert.deepEqual(codesOf(refusals), [...new Set([one, other])])
        for (const { detail } of refusals) assert.match(detail, reasonAndRemedy)
      })

  it('name the freeze and when it ends, for programs too, wherever it stands among the refusals', () => {
    const [first, ...others] = evaluateGates(
      ['ENVIRONMENT_NOT_STARTED', 'ENVIRONMENT_FROZEN'].reduce((facts, code) => faults[code as ErrorCode]?.(facts) ?? facts, inOrder),
    )
    assert.ok(first)
    const { facts, message } = refused([first, ...others])
    assert.deepEqual([facts?.freeze, facts?.reopensAt], ['Christmas', '2026-12-26T23:00:00.000Z'])
    assert.match(message, /is Stopped\. .* is frozen \(Christmas\)\./)
  })

  it('let a rollback pass a freeze', () => {
    assert.deepEqual(codesOf(evaluateGates({ ...(faults.ENVIRONMENT_FROZEN?.(inOrder) ?? inOrder), at: undefined })), [])
  })
})

describe('gates of a deployment whose turn has come', () => {
  const deployment = { kind: 'promotion', gatewayId: 'g', functionName: 'calculateTax', environment: 'prod', releaseId: 'r1', version: '1.0.0' } as const
  const release = { _id: 'r1', limits: { timeoutMs: 60_000 }, variables: ['RATE'] } as unknown as StoredRelease
  const wrongs: Partial<Record<ErrorCode, object>> = {
    ENVIRONMENT_NOT_STARTED: { state: 'inactive', phase: 'Stopped' },
    REGION_UNREACHABLE: { regionFault },
    ENVIRONMENT_HELD: { held: { reason: 'wrong tax' } },
    ENVIRONMENT_FROZEN: { protection: { approvals: 0, freezes } },
  }
  const ask = (target: object, kind: StoredDeployment['kind']) => {
    const environments = { get: async () => ({ state: 'active', phase: 'Started', ...target }) }
    const deps = { environments, releases: { find: async () => release }, variables: { get: async () => ({}) }, clock: { now: () => at } }
    const stored = { ...deployment, kind, by: { userId: 'u', name: 'ci', isAutomation: true } } as unknown as StoredDeployment
    return gatesAtDispatch(deps as unknown as PrepareDeps, stored)
  }
  const names = Object.keys(wrongs) as ErrorCode[]
  for (const [index, one] of names.entries())
    for (const other of names.slice(index))
      it(`tell ${one === other ? one : `${one} and ${other}`} with limits and variables that it lacks`, async () => {
        const found = await ask({ ...wrongs[one], ...wrongs[other] }, 'promotion')
        assert.deepEqual(codesOf(found), [...new Set([one, other]), 'LIMITS_ABOVE_ENVIRONMENT', 'VARIABLES_MISSING'])
      })

  it('let a rollback pass a freeze, limits and variables', async () => assert.deepEqual(codesOf(await ask(wrongs.ENVIRONMENT_FROZEN ?? {}, 'rollback')), []))
})
