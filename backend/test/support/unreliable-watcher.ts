import type { Change, Watcher } from '../../src/database/watcher.ts'

/** What becomes of one event. `replay` tells an older one again after it. */
export const eventFates = ['told', 'dropped', 'repeated', 'delayed', 'replayed'] as const
export type EventFate = (typeof eventFates)[number]

/** A watcher whose events meet their fates in turn; when there are no more fates, they are told as they come. */
export function createUnreliableWatcher(watcher: Watcher, fates: readonly EventFate[]): Watcher & { met(): Partial<Record<EventFate, number>> } {
  const coming = [...fates]
  const met: Partial<Record<EventFate, number>> = {}
  const past: Change[] = []
  const held: (() => void)[] = []
  const meet = (change: Change, tell: (change: Change) => void) => {
    const fate = coming.shift() ?? 'told'
    met[fate] = (met[fate] ?? 0) + 1
    if (fate === 'delayed') return void held.push(() => tell(change))
    if (fate !== 'dropped') tell(change)
    if (fate === 'repeated') tell(change)
    if (fate === 'replayed') for (const old of past) tell(old)
    past.push(change)
    // What was delayed comes after what happened later.
    for (const late of held.splice(0)) late()
  }
  return {
    ...watcher,
    on: (filter, listener) => watcher.on(filter, (change) => meet(change, listener)),
    met: () => met,
  }
}
