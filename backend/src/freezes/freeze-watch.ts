import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { createRepeated, type Repeated } from '../platform/repeated.ts'
import { freezeAt } from './freeze-at.ts'

interface FreezeWatchDeps {
  environments: Pick<EnvironmentStore, 'listWithFreezes'>
  /** The gateway looks different from now on, though nothing of it was written. */
  onChanged(gatewayId: string): void
  clock: Clock
  log: Log
}

const lookEveryMs = 1_000

/** Freezes begin and end by the time alone, so no change of a document tells listeners of it. */
export function createFreezeWatch({ environments, onChanged, clock, log }: FreezeWatchDeps): Repeated {
  let lookedAt = clock.now()
  const look = async () => {
    const at = clock.now()
    const all = await environments.listWithFreezes()
    const changed = all.filter(({ protection: { freezes = [] } = {} }) => freezeAt(freezes, lookedAt)?.name !== freezeAt(freezes, at)?.name)
    for (const gatewayId of new Set(changed.map((environment) => environment.gatewayId))) onChanged(gatewayId)
    lookedAt = at
  }
  return createRepeated(look, {
    everyMs: lookEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'Freezes could not be looked through'),
  })
}
