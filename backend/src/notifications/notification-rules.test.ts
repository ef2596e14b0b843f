import { strict as assert } from 'node:assert'
import { type EnvironmentName, type NotificationEvent, type NotificationType, notificationRulesSchema } from '@imprun/contracts'
import { isWanted } from './notification-rules.ts'

const event = (type: NotificationType, place: { environment?: EnvironmentName; functionName?: string } = {}): NotificationEvent => ({
  id: '1',
  type,
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { gatewayId: 'hometax', message: '', ...place },
})
const rules = (given: object) => notificationRulesSchema.parse(given)

describe('what a notifier tells', () => {
  it('is, when nothing is said, what went wrong and what waits for somebody', () => {
    const wanted = (['deployment.failed', 'approval.requested', 'deployment.succeeded', 'deployment.started'] as const).filter((type) =>
      isWanted(rules({}), event(type)),
    )
    assert.deepEqual(wanted, ['deployment.failed', 'approval.requested'])
  })

  const cases: [rules: object, place: Parameters<typeof event>[1], isTold: boolean][] = [
    [{ environments: ['prod'] }, { environment: 'prod' }, true],
    [{ environments: ['prod'] }, { environment: 'dev' }, false],
    [{ environments: ['prod'] }, {}, true],
    [{ functions: ['orders/*'] }, { functionName: 'orders/list' }, true],
    [{ functions: ['orders/*'] }, { functionName: 'orders/eu/list' }, true],
    [{ functions: ['orders/*'] }, { functionName: 'ordersList' }, false],
    [{ functions: ['list'] }, { functionName: 'orders/list' }, false],
    [{ functions: ['*'] }, { functionName: 'orders/list' }, true],
    [{ functions: ['list'] }, {}, true],
    [{ environments: ['prod'], functions: ['list'] }, { environment: 'dev', functionName: 'list' }, false],
  ]
  for (const [given, place, isTold] of cases) {
    it(`${isTold ? 'holds' : 'leaves out'} ${JSON.stringify(place)} under ${JSON.stringify(given)}`, () =>
      assert.equal(isWanted(rules(given), event('deployment.failed', place)), isTold))
  }

  it('has to be something', () => assert.equal(notificationRulesSchema.safeParse({ types: [] }).success, false))
})
