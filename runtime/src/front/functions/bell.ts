import type { belledCollections } from '@imprun/contracts'

export type BelledCollection = (typeof belledCollections)[number]

/**
 * Says "look again", never what there is to see. A wake may be lost, doubled, come late or without a hint: the listener coalesces wakes and re-reads what is
 * newer than what it has, on start, on every wake, whenever the bell becomes live again, and on a slow tick.
 */
export interface Bell {
  /** @throws BellExhaustedError when this bell can not serve one more listener */
  listen(scope: BellScope, wake: (hint?: BellHint) => void): Listening
}
export interface BellScope {
  gatewayId: string
  gatewayDatabase: string
}
/** Where the change was, if the bell knows: spares the listener the other reads. */
export interface BellHint {
  collection: BelledCollection
}
/** deaf: changes may pass unheard, so the listener looks by itself every second or two. */
export type BellState = 'live' | 'deaf'
export interface Listening {
  state(): BellState
  /** Called at each change of state. @returns takes the listener back */
  onState(listener: (state: BellState) => void): () => void
  /** After it settles no wake comes any more. */
  close(): Promise<void>
}

export class BellExhaustedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BellExhaustedError'
  }
}

/** The part of a listening that every adapter needs: a state that tells when it changes. */
export function createBellState(): Pick<Listening, 'state' | 'onState'> & { set(state: BellState): void } {
  let current: BellState = 'deaf'
  const listeners = new Set<(state: BellState) => void>()
  return {
    state: () => current,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(state) {
      if (state === current) return
      current = state
      for (const listener of listeners) listener(state)
    },
  }
}
