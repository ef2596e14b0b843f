import { ImprunError, type LastError } from '@imprun/contracts'
import type { GatewayUsers } from '../../src/database/gateway-users.ts'
import type { EnvironmentRef, RuntimeDriver } from '../../src/runtime-driver/runtime-driver.ts'

export interface FakeDriver extends RuntimeDriver {
  /** `<gatewayId>/<environment>` -> the fence it was assigned with. */
  readonly assigned: ReadonlyMap<string, number>
  /** What the next assignments throw; undefined lets them pass again, and says so. */
  failWith(error: unknown): void
  /** The same in silence: nobody is told. */
  heal(): void
  /** While not ready, assignments are answered "not yet". */
  setReady(isReady: boolean): void
}

type Users = Pick<GatewayUsers, 'ensureEnvironmentUser'>

/** A driver that starts nothing and remembers what it was asked. */
export const createFakeDriver = (): FakeDriver => createFakeDriverWith({ ensureEnvironmentUser: async () => {} })

/** The same, and it makes the users as whom functions would reach their data. */
export function createFakeDriverWith(users: Users): FakeDriver {
  const assigned = new Map<string, number>()
  const fences = new Map<string, number>()
  const listeners = new Set<() => void>()
  let failure: unknown
  let isReady = true
  const keyOf = ({ gatewayId, environment }: EnvironmentRef) => `${gatewayId}/${environment}`
  const tellRunning = () => {
    if (isReady && failure === undefined) for (const listener of [...listeners]) listener()
  }
  const check = (ref: EnvironmentRef, fence: number, signal: AbortSignal) => {
    signal.throwIfAborted()
    const seen = fences.get(keyOf(ref)) ?? 0
    if (fence < seen) throw new ImprunError('RUNTIME_NOT_ACKNOWLEDGED', `Fence ${fence} is older than ${seen}.`)
    fences.set(keyOf(ref), fence)
  }
  return {
    assigned,
    failWith(error) {
      failure = error
      tellRunning()
    },
    heal() {
      failure = undefined
    },
    setReady(ready) {
      isReady = ready
      tellRunning()
    },
    start: async () => {},
    stop: async () => {},
    async ensureAssigned(ref, fence, signal) {
      check(ref, fence, signal)
      if (failure !== undefined) throw failure
      if (isReady) {
        assigned.set(keyOf(ref), fence)
        await users.ensureEnvironmentUser(ref.gatewayId, ref.environment, ref.database)
      }
      return { isReady }
    },
    async ensureUnassigned(ref, fence, signal) {
      check(ref, fence, signal)
      assigned.delete(keyOf(ref))
    },
    edgeUrl: () => 'http://localhost:7421',
    state: () => 'running',
    lastError: (): LastError | undefined => undefined,
    onRunning(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
