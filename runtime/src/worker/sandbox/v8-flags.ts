import { setFlagsFromString } from 'node:v8'

/** Must run before the first isolate is made. */
export function prepareV8(): void {
  makeInterruptible()
  freeReplacedVersions()
  collectLater()
}

/**
 * Makes more of V8 heed the timeout of an entry.
 *
 * - Without loop unrolling: where an inner loop has a known count (for example an inlined `new Array(100).fill(x)`), unrolling it drops the interrupt check
 *   of the endless loop round it. Such a loop took gigabytes and could only be killed from outside (measured on V8 13.6); without, it ends in time.
 * - Regular expressions that backtrack too much go on in the engine that runs in linear time.
 */
function makeInterruptible(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}

/**
 * Lets the collector free the contexts of replaced versions. Those that Maglev compiled for, concurrently, it kept through one collection after the other
 * (measured on V8 13.6 with a publish every 20 ms under load: 200 MB of them, and collections of up to 80 ms). Without it they are gone at the next
 * collection, of 3 ms, and TurboFan still makes hot code fast.
 */
function freeReplacedVersions(): void {
  setFlagsFromString('--no-maglev')
}

/** In MB, of the old generation. An isolate with a small limit is collected earlier, as without it (measured: at 24 MB of 32, 34 of 64, 80 of 256). */
const firstCollectionAtMb = 48

/**
 * The first whole collection waits until there is something to collect. What makes this heap grow are the contexts of functions that have come to stay: V8
 * collected all of it about every 28th publish, which waited 3 to 6 ms for a collection that found nothing (measured in turns: p99 of a new function 10 ms,
 * so 4). The price is the garbage of replaced versions that it keeps until then.
 */
function collectLater(): void {
  setFlagsFromString(`--initial-old-space-size=${firstCollectionAtMb}`)
}

/**
 * Makes isolates from a snapshot of this very process in three quarters of the time (1.7 ms for 2.3, measured in turns). Must run after the snapshot was made
 * and not before: V8 then also makes the snapshot without a random seed of its own.
 *
 * - The snapshot never leaves the memory of this process, so each isolate need not prove again that no byte of it was lost.
 * - The hash tables in it go by the seed that is drawn once for each process, so they need not be sorted again; callers can guess it as little as before.
 */
export function trustOwnSnapshot(): void {
  setFlagsFromString('--no-verify-snapshot-checksum')
  setFlagsFromString('--no-rehash-snapshot')
}
