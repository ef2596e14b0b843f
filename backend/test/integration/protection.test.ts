import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { givenApi } from '../support/given-api.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { givenMember } from '../support/given-people.ts'
import { watchEvents } from '../support/watch-events.ts'

const gatewayId = 'shared'
const params = { gatewayId }

describe('protection of an environment', () => {
  it('keeps those in whom it could not be met without', async () => {
    await using given = await givenApi()
    await givenGateway(given, gatewayId)
    const [first, second, viewer] = [
      await givenMember(given, gatewayId, 'first', 'approver'),
      await givenMember(given, gatewayId, 'second', 'admin'),
      await givenMember(given, gatewayId, 'viewer', 'viewer'),
    ]
    const protect = (environment: string, protection: object) =>
      given.api.call('patchEnvironment', { params: { gatewayId, environment }, body: { protection } })
    const of = ({ userId }: { userId: string }) => ({ params: { gatewayId, userId } })
    await protect('staging', { approvals: 1 })
    await protect('prod', { approvals: 1, approvers: [first.userId] })

    const refused = [
      await given.api.refusal('deleteMember', of(first)),
      await first.api.refusal('deleteMember', of(first)),
      await given.api.refusal('putMember', { ...of(first), body: { role: 'developer' } }),
    ]
    for (const { status, code, detail, facts } of refused) {
      assert.deepEqual([status, code, facts?.environments], [409, 'APPROVERS_TOO_FEW', ['prod']])
      assert.match(detail, /Without first nobody could deploy to prod any more/)
    }
    // Who is not needed for it may go, and who still may approve may get another role.
    await given.api.call('deleteMember', of(viewer))
    await given.api.call('putMember', { ...of(first), body: { role: 'admin' } })
    await protect('staging', { approvals: 3 })
    assert.deepEqual((await given.api.refusal('deleteMember', of(second))).facts?.environments, ['staging'])
    await protect('staging', { approvals: 0 })
    await given.api.call('deleteMember', of(second))
    assert.equal((await given.api.call('listMembers', { params })).items.length, 2)
  })

  it('is met by who is left when all of them leave at one moment', async () => {
    await using given = await givenApi()
    await givenGateway(given, gatewayId)
    const people = []
    for (const name of ['first', 'second', 'third', 'fourth']) people.push(await givenMember(given, gatewayId, name, 'approver'))
    const approvers = people.map(({ userId }) => userId)
    await given.api.call('patchEnvironment', { params: { gatewayId, environment: 'prod' }, body: { protection: { approvals: 2 } } })

    const left = await Promise.allSettled(approvers.map((userId) => given.api.call('deleteMember', { params: { gatewayId, userId } })))

    // The owner is one of the two who are needed.
    assert.equal(left.filter(({ status }) => status === 'fulfilled').length, 3)
    assert.deepEqual(
      left.flatMap((each) => (each.status === 'rejected' ? [each.reason.problem.code] : [])),
      ['APPROVERS_TOO_FEW'],
    )
    assert.equal((await given.api.call('listMembers', { params })).items.length, 2)
  })

  it('is not asked of somebody who leaves at that moment', async () => {
    await using given = await givenApi()
    await givenGateway(given, gatewayId)
    const { userId } = await givenMember(given, gatewayId, 'only', 'approver')
    for (let round = 0; round < 10; round++) {
      const protect = given.api.call('patchEnvironment', { params: { gatewayId, environment: 'prod' }, body: { protection: { approvals: 2 } } })
      const leave = given.api.call('deleteMember', { params: { gatewayId, userId } })
      const ended = await Promise.allSettled([protect, leave])
      assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(ended))
      await given.api.call('patchEnvironment', { params: { gatewayId, environment: 'prod' }, body: { protection: { approvals: 0 } } })
      await given.api.call('putMember', { params: { gatewayId, userId }, body: { role: 'approver' } })
    }
  })

  it('is checked as a whole, shown with the environment, told to listeners and audited', async () => {
    await using given = await givenApi()
    await givenGateway(given, gatewayId)
    const { userId } = await givenMember(given, gatewayId, 'approver', 'approver')
    const protect = (protection: object) => ({ params: { gatewayId, environment: 'prod' }, body: { protection } })
    const faults = async (protection: object) => (await given.api.refusal('patchEnvironment', protect(protection))).errors?.map(({ field }) => field)
    assert.deepEqual(await faults({ approvals: 3 }), ['protection.approvals'])
    assert.deepEqual(await faults({ approvals: 6 }), ['protection.approvals'])
    assert.deepEqual(await faults({ approvals: 1, approvers: ['nobody'] }), ['protection.approvers.0'])
    assert.deepEqual(await faults({ approvals: 2, approvers: [userId] }), ['protection.approvals'])
    assert.equal((await given.api.call('getEnvironment', { params: { gatewayId, environment: 'prod' } })).protection, undefined)

    await using events = await watchEvents(given.api)
    const freezes = [{ name: 'Weekend', timeZone: 'Europe/Berlin', weekly: [{ days: ['sat' as const], from: '00:00', to: '24:00' }] }]
    const { protection } = await given.api.call('patchEnvironment', protect({ approvals: 1, approvers: [userId], freezes }))
    assert.deepEqual(protection, { approvals: 1, approvers: [userId], freezes })
    await eventually(async () =>
      assert.ok(events.seen.some((event) => event.type === 'gateway' && event.gateway.environments.some((each) => each.protection?.approvals === 1))),
    )
    const record = (await given.auditRecords()).findLast(({ route }) => route === 'patchEnvironment')
    assert.deepEqual(record?.facts, { protection: { approvals: 1, approvers: [userId], freezes } })
  })
})
