import { hostCalls } from '../bridge.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from './current-request.ts'
import { callHost } from './host.ts'

const timersMax = 1000
/** What the host's own timers can hold. */
const delayMsMax = 2 ** 31 - 1

interface Timer {
  readonly callback: (...values: unknown[]) => unknown
  readonly values: unknown[]
  readonly everyMs: number | undefined
  readonly request: CurrentRequest | undefined
}

const timers = new Map<number, Timer>()
let lastTimer = 0

function startTimer(callback: unknown, delay: unknown, values: unknown[], isRepeated: boolean): number {
  if (typeof callback !== 'function') throw new TypeError('A timer needs a function to call.')
  assertNotOver()
  if (timers.size >= timersMax) throw new RangeError(`At most ${timersMax} timers may wait at the same time.`)
  const wantedMs = Number(delay)
  const delayMs = wantedMs >= 1 && wantedMs <= delayMsMax ? Math.trunc(wantedMs) : 1
  const timer = ++lastTimer
  const request = currentRequest()
  timers.set(timer, { callback: callback as Timer['callback'], values, everyMs: isRepeated ? delayMs : undefined, request })
  callHost(hostCalls.timerSet, timer, delayMs, request?.call)
  return timer
}

function stopTimer(timer: unknown): void {
  if (typeof timer === 'number' && timers.delete(timer)) callHost(hostCalls.timerClear, timer)
}

export const timerGlobals = {
  setTimeout: (callback: unknown, delay?: unknown, ...values: unknown[]): number => startTimer(callback, delay, values, false),
  setInterval: (callback: unknown, delay?: unknown, ...values: unknown[]): number => startTimer(callback, delay, values, true),
  clearTimeout: stopTimer,
  clearInterval: stopTimer,
}

// What waits once is let go on, so that its code comes to the next thing it asks for, fails there and ends; what repeats would never end.
onRequestOver((request) => {
  for (const [timer, { request: owner, everyMs }] of timers) if (owner === request && everyMs !== undefined) stopTimer(timer)
})

/** @throws what the callback throws */
export function fireTimer(number: number): void {
  const timer = timers.get(number)
  if (timer === undefined) return
  enterRequest(timer.request)
  if (timer.everyMs === undefined) timers.delete(number)
  else callHost(hostCalls.timerSet, number, timer.everyMs, timer.request?.call)
  timer.callback(...timer.values)
}
