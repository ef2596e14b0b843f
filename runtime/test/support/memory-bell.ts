import { type Bell, type BellHint, createBellState } from '../../src/front/functions/bell.ts'

/** A bell that a test rings by hand. */
export function createMemoryBell(): Bell & { ring(gatewayId: string, hint?: BellHint): void; setState(state: 'live' | 'deaf'): void } {
  const listeners = new Set<{ gatewayId: string; wake: (hint?: BellHint) => void; state: ReturnType<typeof createBellState> }>()
  let current: 'live' | 'deaf' = 'live'
  return {
    listen({ gatewayId }, wake) {
      const listener = { gatewayId, wake, state: createBellState() }
      listeners.add(listener)
      queueMicrotask(() => listener.state.set(current))
      return {
        state: listener.state.state,
        onState: listener.state.onState,
        close: async () => void listeners.delete(listener),
      }
    },
    ring(gatewayId, hint) {
      if (current === 'deaf') return
      for (const listener of listeners) if (listener.gatewayId === gatewayId) listener.wake(hint)
    },
    setState(state) {
      current = state
      for (const listener of listeners) listener.state.set(state)
    },
  }
}
