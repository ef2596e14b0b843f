import { randomInt } from 'node:crypto'

/** Of random tests: printed, so that a run can be had again with IMPRUN_TEST_SEED. */
export function testSeed(): number {
  const seed = Number(process.env.IMPRUN_TEST_SEED ?? randomInt(2 ** 31))
  console.log(`      IMPRUN_TEST_SEED=${seed}`)
  return seed
}
