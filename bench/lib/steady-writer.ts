/** A process that writes small documents somewhere else in the same MongoDB, so many a second, until it is ended. See `startChild`. */
import { MongoClient } from 'mongodb'
import { z } from 'zod'

const tickMs = 10

process.once('message', async (message) => {
  const { uri, perSecond } = z.object({ uri: z.string(), perSecond: z.number() }).parse(message)
  const client = await MongoClient.connect(uri)
  const documents = client.db('bench_unrelated').collection('documents')
  const startedAtMs = performance.now()
  let written = 0
  await documents.insertOne({ at: new Date() })
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond)
    // One commit each: it is commits that change streams cost.
    for (; written < due; written++) documents.insertOne({ at: new Date(), text: 'x'.repeat(200) }).catch(() => {})
  }, tickMs)
  process.send?.('works')
})
