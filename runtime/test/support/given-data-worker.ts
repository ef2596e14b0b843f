import type { Db } from 'mongodb'
import { givenMongo } from './given-mongo.ts'
import { givenWorker, type WorkerUnderTest } from './given-worker.ts'

export interface GivenDataWorker extends AsyncDisposable {
  readonly worker: WorkerUnderTest
  /** The data of its environment, as the test sees it. */
  readonly database: Db
  /**
   * Runs the body of a function in which `db` is the database, `items` a collection, and `thrown(work)` what work throws.
   * @param name of the collection; without it one that no other test uses
   */
  run(body: string, name?: string): Promise<{ name: string; value: ReturnType<typeof JSON.parse>; crossed: boolean }>
}

const tools = 'const thrown = async (work: () => unknown) => { try { await work() } catch (error) { return error } return undefined }; const db = imp.db()'

/** A worker that is bound to an environment with an empty database of its own. */
export async function givenDataWorker(): Promise<GivenDataWorker> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const dataDatabase = `gatewayid_${mongo.newGatewayId()}_dev`
  const worker = stack.use(await givenWorker({ dataUri: mongo.uri, dataDatabase, memoryMb: 128 }))
  const made = stack.move()
  let collections = 0
  return {
    worker,
    database: mongo.client.db(dataDatabase),
    async run(body, name = `items${++collections}`) {
      const { text, crossed } = await worker.answerOf(`${tools}; const items = db.collection(${JSON.stringify(name)}); ${body}`)
      return { name, value: JSON.parse(text), crossed }
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}
