import type { EntryLimits } from '../bridge.ts'

/** The only way out of the isolate. Module state is per context: every context begins as a copy of the snapshot. */
export type Host = (code: number, ...values: unknown[]) => string | number | boolean | undefined

let connected: Host = () => undefined

export function connectHost(host: Host): void {
  connected = host
}

/** What crosses is copied whole before the host can look at it. Above every limit that the host has for a single value. */
const crossingLengthMax = 64 * 1024 * 1024

/** @throws RangeError */
export function checkCrossing(length: number): void {
  if (length > crossingLengthMax) throw new RangeError(`This is larger than ${crossingLengthMax} characters or bytes, too much to be handed on at once.`)
}

// Taken before any author's code runs: also a function that has changed the language must be able to answer.
const now = Date.now
const Bytes = Uint8Array
const apply = Reflect.apply
let entryMsMax = Number.POSITIVE_INFINITY
let entryEndsAt = Number.POSITIVE_INFINITY
let hostMsMax = Number.POSITIVE_INFINITY
let hostMs = 0

/** The author's code is about to be loaded, which has a limit of its own; then come the entries. */
export function limitEntries(limits: EntryLimits): void {
  entryMsMax = limits.entryMsMax
  hostMsMax = limits.hostMsMax
  entryEndsAt = now() + limits.loadMsMax
  hostMs = 0
}
/** To be called whenever the host enters. */
export function beginEntry(): void {
  entryEndsAt = now() + entryMsMax
  hostMs = 0
}

/**
 * The entry's time limit stands still while the host works for the guest, so a loop of calls would run for many times its limit. When the entry is over
 * by the clock, or has had its share of the host, no call is made any more, and what is left of the limit passes here. All that an entry can take is its limit and
 * that share.
 * @throws RangeError for a text or bytes that are too large to cross
 */
export const callHost: Host = (...values) => {
  const calledAt = now()
  if (calledAt > entryEndsAt || hostMs > hostMsMax) for (;;);
  for (let at = 1; at < values.length; at++) {
    const value = values[at]
    if (typeof value === 'string' || value instanceof Bytes) checkCrossing(value.length)
  }
  const answer = apply(connected, undefined, values)
  hostMs += now() - calledAt
  return answer
}
