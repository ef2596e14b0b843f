import type { Clock } from './clock.ts'

/** Work that is done again and again while a backend runs. */
export interface Repeated {
  start(): void
  /** Waits for work in flight. */
  stop(): Promise<void>
}

/** Each time begins so long after the last has ended. What goes wrong is told, and tried again the next time. */
export function createRepeated(
  work: (stopping: AbortSignal) => Promise<void>,
  { everyMs, clock, onError }: { everyMs: number; clock: Pick<Clock, 'sleepMs'>; onError(error: unknown): void },
): Repeated {
  const stopping = new AbortController()
  let working: Promise<void> | undefined
  const run = async () => {
    while (!stopping.signal.aborted) {
      await work(stopping.signal).catch(onError)
      await clock.sleepMs(everyMs, stopping.signal).catch(() => {})
    }
  }
  return {
    start() {
      working ??= run()
    },
    async stop() {
      stopping.abort()
      await working
    },
  }
}
