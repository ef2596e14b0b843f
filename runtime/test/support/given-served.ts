import { givenMongo } from './given-mongo.ts'
import { type GivenEnvironment, givenEnvironment, givenRuntime } from './given-runtime.ts'

export interface GivenServed extends AsyncDisposable {
  given: GivenEnvironment
}

/** One environment on a runtime of its own, with MongoDB behind it; all of it ends together, also when a part of it does not start. */
export async function givenServed(): Promise<GivenServed> {
  await using starting = new AsyncDisposableStack()
  const mongo = starting.use(await givenMongo())
  const runtime = starting.use(await givenRuntime(mongo))
  const given = await givenEnvironment(runtime, mongo)
  const started = starting.move()
  return { given, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
