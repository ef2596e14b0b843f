import { strict as assert } from 'node:assert'
import { ImprunError, isImprunError, type MemberRole, type Protection, roles } from '@imprun/contracts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { Caller } from '../http/handlers.ts'
import { checkCanceller, checkDecider, countApprovals, hasTightened } from './approval-rules.ts'
import { checkProtection } from './protection-rules.ts'
import type { StoredApproval } from './stored-approval.ts'

const ada: Caller = { userId: 'ada', name: 'ada' }
const grace: Caller = { userId: 'grace', name: 'grace' }
const graceCi: Caller = { ...grace, name: 'grace (ci)', isAutomation: true }
const approval: StoredApproval = { required: 1, expiresAt: new Date(0), releaseHash: 'h', decisions: [] }
const asked = (more: Partial<StoredDeployment> = {}) => ({ gatewayId: 'hometax', environment: 'prod' as const, by: ada, approval, ...more })

/** @returns undefined when it is let through, else the code. */
function refusalOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    assert.ok(isImprunError(error))
    return error.code
  }
}

describe('deciding on a deployment', () => {
  for (const role of roles) {
    const mayDecide = role === 'owner' || role === 'admin' || role === 'approver'
    it(`is ${mayDecide ? 'open to' : 'refused to'} a ${role}`, () => {
      assert.equal(
        refusalOf(() => checkDecider(asked(), grace, role)),
        mayDecide ? undefined : 'FORBIDDEN',
      )
    })
    it(`is refused to the author as ${role}, and to any service token`, () => {
      assert.equal(
        refusalOf(() => checkDecider(asked(), ada, role)),
        'FORBIDDEN',
      )
      assert.equal(
        refusalOf(() => checkDecider(asked(), graceCi, role)),
        'FORBIDDEN',
      )
    })
    it(`can be cancelled by the author whatever the role, and by a ${role} ${role === 'owner' || role === 'admin' ? 'too' : 'not'}`, () => {
      assert.equal(
        refusalOf(() => checkCanceller(asked(), ada, role)),
        undefined,
      )
      assert.equal(
        refusalOf(() => checkCanceller(asked(), grace, role)),
        role === 'owner' || role === 'admin' ? undefined : 'FORBIDDEN',
      )
    })
  }

  it('knows the author by any token, a service token that asked for it too', () => {
    assert.equal(
      refusalOf(() => checkDecider(asked({ by: graceCi }), grace, 'admin')),
      'FORBIDDEN',
    )
  })

  it('is for those named, where some are named', () => {
    assert.equal(
      refusalOf(() => checkDecider(asked({ approval: { ...approval, approvers: ['eve'] } }), grace, 'owner')),
      'FORBIDDEN',
    )
    assert.equal(
      refusalOf(() => checkDecider(asked({ approval: { ...approval, approvers: ['grace'] } }), grace, 'approver')),
      undefined,
    )
  })

  it('names the roles that are enough', () => {
    try {
      checkDecider(asked(), grace, 'viewer')
      assert.fail('it was let through')
    } catch (error) {
      assert.ok(error instanceof ImprunError)
      assert.match(error.message, /you are viewer.*approver or admin or owner/)
    }
  })
})

describe('approvals', () => {
  const yes = (userId: string) => ({ userId, by: userId, decision: 'approved' as const, at: new Date(0) })
  const held = new Map<string, MemberRole>([
    ['ada', 'owner'],
    ['grace', 'approver'],
    ['eve', 'viewer'],
  ])

  it('are counted once for each person, and only of those who may still approve', () => {
    assert.equal(countApprovals({ decisions: [yes('grace'), yes('grace'), yes('ada')] }, held), 2)
    assert.equal(countApprovals({ decisions: [yes('eve'), yes('left')] }, held), 0)
  })

  for (const [name, protection, expected] of [
    ['as many approvals', { approvals: 2, freezes: [] }, false],
    ['more approvals', { approvals: 3, freezes: [] }, true],
    ['fewer approvals', { approvals: 1, freezes: [] }, false],
    ['no protection', undefined, false],
    ['protection without approvals', { approvals: 0, freezes: [] }, false],
    ['named approvers', { approvals: 2, approvers: ['grace'], freezes: [] }, true],
    ['another freeze', { approvals: 2, freezes: [{ name: 'x', timeZone: 'UTC', from: '2026-01-01T00:00', to: '2026-01-02T00:00' }] }, false],
  ] as [string, Protection | undefined, boolean][]) {
    it(`for two are ${expected ? 'void' : 'still good'} with ${name}`, () => {
      assert.equal(hasTightened({ required: 2 }, protection), expected)
    })
  }
})

describe('protection', () => {
  const people = [
    { userId: 'u1', name: 'ada', role: 'owner' as const },
    { userId: 'u2', name: 'grace', role: 'approver' as const },
    { userId: 'u3', name: 'eve', role: 'developer' as const },
  ]
  const faultsOf = (protection: Protection) => {
    try {
      checkProtection(protection, people)
      return []
    } catch (error) {
      assert.ok(isImprunError(error))
      return (error.errors ?? []).map(({ field, message }) => `${field}: ${message}`)
    }
  }

  it('may ask for as many approvals as there are people who may approve', () => assert.deepEqual(faultsOf({ approvals: 2, freezes: [] }), []))

  it('that asks for more is refused, naming who there is and what to do', () =>
    assert.deepEqual(faultsOf({ approvals: 3, freezes: [] }), [
      'protection.approvals: Only 2 may approve (ada, grace). Ask for fewer, or let more people approve.',
    ]))

  it('that names people who may not approve is refused for each of them', () =>
    assert.deepEqual(faultsOf({ approvals: 1, approvers: ['u2', 'u3', 'u9'], freezes: [] }), [
      'protection.approvers.1: eve is developer. Give the role approver first.',
      'protection.approvers.2: u9 is no member. Let this person in as approver first.',
    ]))
})
