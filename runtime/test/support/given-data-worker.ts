import type { Db } from 'mongodb'
import { givenMongo } from './given-mongo.ts'
import { givenWorker, type WorkerUnderTest } from './given-worker.ts'

export interface GivenDataWorker extends AsyncDisposable {
  readonly worker: WorkerUnderTest
  /** The data of its environment, as the test sees it. */
  readonly database: Db
}

/** A worker that is bound to an environment with an empty database of its own. */
export async function givenDataWorker(): Promise<GivenDataWorker> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const dataDatabase = `gatewayid_${mongo.newGatewayId()}_dev`
  const worker = stack.use(await givenWorker({ dataUri: mongo.uri, dataDatabase, memoryMb: 128 }))
  const made = stack.move()
  return { worker, database: mongo.client.db(dataDatabase), [Symbol.asyncDispose]: () => made.disposeAsync() }
}
