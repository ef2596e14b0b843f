import { type BellMessage, bellBeatEveryMs, belledCollections } from '@imprun/contracts'
import type { Watcher } from '../database/watcher.ts'

/** One runtime that listens. */
export interface BellSubscriber {
  /** A gateway's id, or `*` for all. */
  scope: string
  send(message: BellMessage): void
}

/**
 * Rings for any number of runtimes from this replica's one change stream: a stream per runtime costs the database time for every commit anywhere, this
 * costs it nothing more. A ring may be lost, doubled or late; whoever hears it reads the database. So does whoever hears nothing for some seconds.
 */
export interface BellHub {
  start(): void
  stop(): void
  /** @returns ends the subscription. */
  subscribe(subscriber: BellSubscriber): () => void
}

/** Runtimes that come back at once after an outage are spread, so that their reads are some 2,000 a second. */
const comeBackPerMs = 2
/** A beat for thousands at once would hold up what rings meanwhile, here and where many listen in one process: each listener has its turn within the time of a beat. */
const turnsPerBeat = 20

interface Turn {
  readonly subscribers: Set<BellSubscriber>
  wasLive: boolean
}

export function createBellHub({ watcher }: { watcher: Watcher }): BellHub {
  const subscribers = new Map<string, Set<BellSubscriber>>()
  const undo: (() => void)[] = []
  const turns: Turn[] = Array.from({ length: turnsPerBeat }, () => ({ subscribers: new Set(), wasLive: true }))
  let count = 0
  let joined = 0
  let beats = 0

  const spreadMs = (): number => Math.ceil(count / comeBackPerMs)
  const sendTo = (scope: string, message: BellMessage): void => {
    for (const subscriber of subscribers.get(scope) ?? []) subscriber.send(message)
  }
  const sendToAll = (message: BellMessage): void => {
    for (const scope of subscribers.keys()) sendTo(scope, message)
  }
  const beat = (): BellMessage => ({ type: 'beat', isLive: watcher.isLive(), spreadMs: spreadMs() })
  const beatNext = (): void => {
    const turn = turns[beats++ % turnsPerBeat] as Turn
    const isLive = watcher.isLive()
    // A deaf hub says so once and is silent until it hears again: its listeners then look by themselves.
    if ((isLive || turn.wasLive) && turn.subscribers.size > 0) {
      const message = beat()
      for (const subscriber of turn.subscribers) subscriber.send(message)
    }
    turn.wasLive = isLive
  }

  return {
    start() {
      for (const collection of belledCollections) {
        const stop = watcher.on({ scope: 'gateway', collection }, ({ gatewayId = '' }) => {
          const ring: BellMessage = { type: 'ring', gatewayId, collection }
          sendTo(gatewayId, ring)
          sendTo('*', ring)
        })
        undo.push(stop)
      }
      undo.push(watcher.onGap(() => sendToAll({ type: 'resync', spreadMs: spreadMs() })))
      const timer = setInterval(beatNext, bellBeatEveryMs / turnsPerBeat)
      undo.push(() => clearInterval(timer))
    },
    stop() {
      for (const one of undo.splice(0)) one()
    },
    subscribe(subscriber) {
      const those = subscribers.get(subscriber.scope) ?? new Set()
      subscribers.set(subscriber.scope, those.add(subscriber))
      const turn = turns[joined++ % turnsPerBeat] as Turn
      turn.subscribers.add(subscriber)
      count += 1
      subscriber.send(beat())
      return () => {
        if (!those.delete(subscriber)) return
        turn.subscribers.delete(subscriber)
        count -= 1
        if (those.size === 0) subscribers.delete(subscriber.scope)
      }
    },
  }
}
