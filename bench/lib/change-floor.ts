import type { Collection, Db } from 'mongodb'

interface FloorDocument {
  _id: string
  revision: number
  text: string
}

export interface ChangeFloor extends AsyncDisposable {
  /** One bare `replaceOne` (majority) of a 1 KB document until its change event is seen, in milliseconds: what no publish through MongoDB can beat. */
  sampleMs(): Promise<number>
}

/** Watches a collection of its own on the given database; the stream is open before the first sample. */
export async function openChangeFloor(database: Db): Promise<ChangeFloor> {
  const collection: Collection<FloorDocument> = database.collection<FloorDocument>('bench_floor', { writeConcern: { w: 'majority' } })
  const text = 'x'.repeat(1024)
  await collection.replaceOne({ _id: 'floor' }, { revision: 0, text }, { upsert: true })
  const stream = collection.watch([], { fullDocument: 'updateLookup' })
  let revision = 0
  let seen: (revision: number) => void = () => {}
  stream.on('change', (change) => {
    if (change.operationType === 'replace') seen(change.fullDocument.revision)
  })
  stream.on('error', () => {})
  await new Promise<void>((open) => stream.once('resumeTokenChanged', () => open()))
  return {
    async sampleMs() {
      const wanted = ++revision
      const startedAtMs = performance.now()
      const arrived = new Promise<number>((resolve) => {
        seen = (got) => {
          if (got >= wanted) resolve(performance.now() - startedAtMs)
        }
      })
      await collection.replaceOne({ _id: 'floor' }, { revision: wanted, text })
      return arrived
    },
    async [Symbol.asyncDispose]() {
      await stream.close()
      await collection.drop()
    },
  }
}
