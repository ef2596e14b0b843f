import { setFlagsFromString } from 'node:v8'

/**
 * Makes more of V8 heed the timeout of an entry. Must run before the first isolate is made.
 *
 * - Without loop unrolling: where an inner loop has a known count (for example an inlined `new Array(100).fill(x)`), unrolling it drops the interrupt check
 *   of the endless loop round it. Such a loop took gigabytes and could only be killed from outside (measured on V8 13.6); without, it ends in time.
 * - Regular expressions that backtrack too much go on in the engine that runs in linear time.
 */
export function makeInterruptible(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}
