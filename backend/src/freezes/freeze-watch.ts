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
  /** By environment: the freeze that was on when it was looked at last. */
  let known = new Map<string, string>()
  let isFirst = true
  const look = async () => {
    const at = clock.now()
    const frozen = new Map<string, string>()
    for (const { gatewayId, environment, protection } of await environments.listWithFreezes())
      frozen.set(`${gatewayId}/${environment}`, freezeAt(protection?.freezes ?? [], at)?.name ?? '')
    const changed = [...frozen].filter(([place, name]) => (known.get(place) ?? '') !== name).map(([place]) => place.slice(0, place.lastIndexOf('/')))
    if (!isFirst) for (const gatewayId of new Set(changed)) onChanged(gatewayId)
    known = frozen
    isFirst = false
  }
  return createRepeated(look, {
    everyMs: lookEveryMs,
    clock,
    onError: (error) => log.warn({ error }, 'Freezes could not be looked through'),
  })
}
