import { strict as assert } from 'node:assert'
import { evaluateGates, type GateFacts } from './gates.ts'

const facts = (more: Partial<GateFacts> = {}): GateFacts => ({
  functionName: 'calculateTax',
  target: { environment: 'prod', state: 'active', phase: 'Started' },
  pipeline: 'on',
  isAutomation: false,
  from: 'staging',
  release: { version: '1.0.0', releaseId: 'r1' },
  served: { staging: { releaseId: 'r1' } },
  ...more,
})
const codes = (more: Partial<GateFacts>) => evaluateGates(facts(more)).map(({ code }) => code)

describe('gates', () => {
  it('let through what is in order', () => assert.deepEqual(codes({}), []))

  for (const [name, more, expected] of [
    ['an environment that starts', { target: { environment: 'prod', state: 'active', phase: 'Starting' } }, ['ENVIRONMENT_NOT_STARTED']],
    ['an environment that is to stop', { target: { environment: 'prod', state: 'inactive', phase: 'Started' } }, ['ENVIRONMENT_NOT_STARTED']],
    [
      'a held environment, for automation',
      { isAutomation: true, target: { environment: 'prod', state: 'active', phase: 'Started', held: { reason: 'x' } } },
      ['ENVIRONMENT_HELD'],
    ],
    ['a held environment, for a person', { target: { environment: 'prod', state: 'active', phase: 'Started', held: { reason: 'x' } } }, []],
    [
      'a region in which nothing can be served',
      { target: { environment: 'prod', state: 'active', phase: 'Started', regionFault: { code: 'REGION_UNREACHABLE', detail: 'x' } } },
      ['REGION_UNREACHABLE'],
    ],
    ['a skipped stage', { from: 'dev', served: { dev: { releaseId: 'r1' } } }, ['STAGE_ORDER_VIOLATED']],
    ['a skipped stage that has the release already', { from: 'dev' }, []],
    ['a skipped stage while the pipeline is off', { from: 'dev', pipeline: 'off', served: {} }, []],
    ['a promotion backwards', { from: 'staging', target: { environment: 'dev', state: 'active', phase: 'Started' } }, ['STAGE_ORDER_VIOLATED']],
    [
      'code that does not compile, to an environment that starts',
      { from: undefined, codeRefusal: { code: 'CODE_NOT_COMPILING', detail: 'x' }, target: { environment: 'dev', state: 'active', phase: 'Starting' } },
      ['CODE_NOT_COMPILING', 'ENVIRONMENT_NOT_STARTED'],
    ],
  ] as [string, Partial<GateFacts>, string[]][]) {
    it(`answer ${name} with ${expected.join(' and ') || 'nothing'}`, () => assert.deepEqual(codes(more), expected))
  }
})
