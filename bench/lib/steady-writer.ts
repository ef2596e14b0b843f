/** A process that writes small documents somewhere else in the same MongoDB, so many a second, until it is ended. See `startChild`. */
import { MongoClient } from 'mongodb'
import * as z from 'zod'

const tickMs = 10
/** `perCommit`: it is commits that change streams cost, so one document each unless somebody asks for bulk writes. */
const settings = z.object({ uri: z.string(), perSecond: z.number(), perCommit: z.number().default(1), database: z.string().default('bench_unrelated') })

process.once('message', async (message) => {
  const { uri, perSecond, perCommit, database } = settings.parse(message)
  const client = await MongoClient.connect(uri)
  const documents = client.db(database).collection('documents')
  const startedAtMs = performance.now()
  let written = 0
  await documents.insertOne({ at: new Date() })
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond)
    for (; written + perCommit <= due; written += perCommit) {
      const batch = Array.from({ length: perCommit }, () => ({ at: new Date(), text: 'x'.repeat(200) }))
      documents.insertMany(batch).catch(() => {})
    }
  }, tickMs)
  process.send?.('works')
})
