import type { AuditStore } from '../audit/audit-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { GatewayMachinePorts } from './gateway-machine.ts'

/** The audit record of a forced deletion's end: the request was answered, and recorded, before it was known what would be left behind. */
export const createLeftoverRecord =
  ({ audit, clock }: { audit: Pick<AuditStore, 'append'>; clock: Clock }): GatewayMachinePorts['recordLeftovers'] =>
  (gatewayId, { userId, actor, requestId, leftovers }) =>
    audit.append({
      userId,
      actor,
      // Nobody called: the phase engine did it.
      ip: '',
      route: 'deleteGateway',
      method: 'DELETE',
      params: { gatewayId },
      facts: { isForced: true, leftovers },
      status: 204,
      requestId,
      at: clock.now(),
    })
