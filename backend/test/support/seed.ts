import { randomInt } from 'node:crypto'

/** Of random tests: printed, so that a run can be had again with IMPRUN_TEST_SEED. */
export function testSeed(): number {
  const seed = Number(process.env.IMPRUN_TEST_SEED ?? randomInt(2 ** 31))
  console.log(`      IMPRUN_TEST_SEED=${seed}`)
  return seed
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
