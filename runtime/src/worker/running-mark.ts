/**
 * Which function is inside its isolate just now, where another thread can read it while this one hangs: after a worker is lost its front asks who ran.
 * Plain stores into shared memory, because they are made twice per entry.
 */
export interface RunningMark {
  /** The front's id of the call whose frame is being worked on; 0 = none. */
  setCall(frontId: number): void
  /** @param functionIndex the function's number in frames @returns what ran until now: a function may be entered from within another's entry */
  enter(functionIndex: number): number
  /** @param outer what `enter` returned */
  leave(outer: number): void
}

/** Places in the shared memory: the function's number + 1 (0 = none), how many entries there have been, and the front's id of the call. */
export const markPlaces = { functionIndex: 0, entries: 1, call: 2 } as const

export const createSharedMark = (): { mark: RunningMark; memory: SharedArrayBuffer } => {
  const memory = new SharedArrayBuffer(4 * Object.keys(markPlaces).length)
  const places = new Uint32Array(memory)
  const mark: RunningMark = {
    setCall(frontId) {
      places[markPlaces.call] = frontId
    },
    enter(functionIndex) {
      const outer = places[markPlaces.functionIndex] as number
      places[markPlaces.entries] = (places[markPlaces.entries] as number) + 1
      places[markPlaces.functionIndex] = functionIndex + 1
      return outer - 1
    },
    leave(outer) {
      places[markPlaces.functionIndex] = outer + 1
    },
  }
  return { mark, memory }
}

/** For engines that nobody watches. */
export const noMark: RunningMark = { setCall: () => {}, enter: () => -1, leave: () => {} }
