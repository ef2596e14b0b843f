import { strict as assert } from 'node:assert'
import { givenMongo } from './given-mongo.ts'
import type { GivenEnvironment } from './given-runtime.ts'
import { givenServed } from './given-served.ts'

/** For all tests of the `describe` that it is called in: made before the first, ended after the last. @returns it, once they run */
export function forSuite<T extends AsyncDisposable>(make: () => Promise<T>): () => T {
  let made: T | undefined
  before(async () => {
    made = await make()
  })
  after(() => made?.[Symbol.asyncDispose]())
  return () => {
    assert.ok(made, 'The tests of the suite do not run yet.')
    return made
  }
}

export const mongoForSuite = () => forSuite(givenMongo)

/** One environment on a runtime of its own. */
export function servedForSuite(): () => GivenEnvironment {
  const served = forSuite(givenServed)
  return () => served().given
}
