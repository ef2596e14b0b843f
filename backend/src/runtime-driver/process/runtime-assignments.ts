import { type Assignment, bundleLimitsOf, environmentDatabaseName, gatewayDatabaseName } from '@imprun/contracts'
import type { GatewayUsers } from '../../database/gateway-users.ts'
import type { Log } from '../../platform/log.ts'
import type { SecretSealer } from '../../variables/secret-sealer.ts'
import type { Assignments, EnvironmentRef } from '../runtime-driver.ts'
import { ControlLostError, type ControlMessage, ControlRefusedError } from './control-client.ts'
import { runtimeRefused } from './driver-errors.ts'
import type { DriverTimings } from './driver-timings.ts'
import type { RuntimeSession } from './runtime-launcher.ts'

/** What a runtime is told to serve. */
export interface RuntimeAssignments {
  /** Everything, to a runtime that was just met. @throws ControlLostError, or what the assignments port throws. */
  assignAll(session: RuntimeSession, signal: AbortSignal): Promise<void>
  /** Once more those that the runtime refused then. */
  assignRefused(session: RuntimeSession, signal: AbortSignal): Promise<void>
  /** @throws ImprunError RUNTIME_NOT_ACKNOWLEDGED when it refuses, ControlLostError */
  assign(session: RuntimeSession, ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<void>
  /** @throws ImprunError RUNTIME_NOT_ACKNOWLEDGED when it refuses, ControlLostError */
  unassign(session: RuntimeSession, ref: EnvironmentRef, fence: number, signal: AbortSignal): Promise<void>
}

export function createRuntimeAssignments(deps: {
  assignments: Assignments
  users: Pick<GatewayUsers, 'environmentUri' | 'ensureEnvironmentUser'>
  sealer: Pick<SecretSealer, 'keysOf'>
  baseDomains: readonly string[]
  timings: DriverTimings
  log: Log
}): RuntimeAssignments {
  const { assignments, users, sealer, baseDomains, timings, log } = deps
  let refused: Assignment[] = []

  const toAssignment = ({ gatewayId, environment, database, bundle }: EnvironmentRef, fence: number): Assignment => ({
    gatewayId,
    environment,
    fence,
    hosts: baseDomains.map((domain) => `${gatewayId}.${environment}.${domain}`),
    gatewayDatabase: gatewayDatabaseName(gatewayId),
    dataDatabase: environmentDatabaseName(gatewayId, environment, database),
    dataUri: users.environmentUri(gatewayId, environment),
    variablesKeys: sealer.keysOf(gatewayId),
    ...(bundle ? { bundle: bundleLimitsOf(bundle) } : {}),
  })

  const request = async ({ client }: RuntimeSession, message: ControlMessage, signal: AbortSignal) => {
    try {
      await client.request(message, { timeoutMs: timings.assignTimeoutMs, signal })
    } catch (error) {
      // An answer that does not come says nothing about what was done: a new connection begins with the whole truth.
      if (error instanceof ControlLostError) client.close()
      throw error instanceof ControlRefusedError ? runtimeRefused(error.message) : error
    }
  }

  const assignRefused: RuntimeAssignments['assignRefused'] = async ({ client }, signal) => {
    const before = refused
    refused = []
    for (const assignment of before) {
      try {
        await client.request({ type: 'assign', assignment }, { timeoutMs: timings.assignTimeoutMs, signal })
      } catch (error) {
        if (!(error instanceof ControlRefusedError)) throw error
        if (error.code !== staleFence) refused.push(assignment)
      }
    }
  }

  return {
    assignRefused,
    async assign(session, ref, fence, signal) {
      await request(session, { type: 'assign', assignment: toAssignment(ref, fence) }, signal)
      // Afterwards, because the runtime refuses a holder that has lost its claim, which must not bring back the user of what was deleted meanwhile.
      await users.ensureEnvironmentUser(ref.gatewayId, ref.environment, ref.database)
    },
    unassign: (session, { gatewayId, environment }, fence, signal) => request(session, { type: 'unassign', gatewayId, environment, fence }, signal),
    async assignAll(session, signal) {
      const wanted = (await assignments()).map(({ ref, fence }) => toAssignment(ref, fence))
      refused = []
      try {
        await session.client.request({ type: 'sync', assignments: wanted }, { timeoutMs: timings.syncTimeoutMs, signal })
      } catch (error) {
        if (!(error instanceof ControlRefusedError)) throw error
        // One that cannot be served must not keep the others from it.
        log.warn({ error }, 'The runtime refuses to take everything at once; environments are assigned one by one')
        refused = wanted
        await assignRefused(session, signal)
      }
    },
  }
}

/** The runtime's word for a message that a newer holder's has overtaken: nothing is left to do for it. */
const staleFence = 'FENCE_STALE'
