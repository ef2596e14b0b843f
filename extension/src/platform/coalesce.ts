import type { Disposable } from './disposables.ts'

/** Gathers calls and runs `flush` once per `waitMs`, so that a burst of events is one redraw. */
export function coalesce(waitMs: number, flush: () => void): { ask(): void } & Disposable {
  let timer: NodeJS.Timeout | undefined
  return {
    ask() {
      timer ??= setTimeout(() => {
        timer = undefined
        flush()
      }, waitMs)
    },
    dispose() {
      clearTimeout(timer)
    },
  }
}
