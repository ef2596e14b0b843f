/** A process that writes small documents somewhere else in the same MongoDB, so many a second, until it is ended. See `startChild`. */
import { MongoClient } from 'mongodb'
import * as z from 'zod'

const tickMs = 10
/** All open from the beginning: each stall of the server would open more, which costs all that share its processors. With fewer, a stall would make the load lighter. */
const connections = 100
/** `perCommit`: it is commits that change streams cost, so one document each unless somebody asks for bulk writes. */
const settings = z.object({ uri: z.string(), perSecond: z.number(), perCommit: z.number().default(1), database: z.string().default('bench_unrelated') })

process.once('message', async (message) => {
  const { uri, perSecond, perCommit, database } = settings.parse(message)
  const client = await MongoClient.connect(uri, { minPoolSize: connections, maxPoolSize: connections })
  const written = client.db(database)
  await Promise.all(Array.from({ length: connections }, () => written.command({ ping: 1 })))
  const startedAtMs = performance.now()
  let count = 0
  await written.collection('documents').insertOne({ at: new Date() })
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond)
    for (; count + perCommit <= due; count += perCommit) {
      const batch = Array.from({ length: perCommit }, () => ({ at: new Date(), text: 'x'.repeat(200) }))
      // The command itself: `insertMany` has the driver take half a processor at 1,000 a second.
      written.command({ insert: 'documents', documents: batch }).catch(() => {})
    }
  }, tickMs)
  process.send?.('works')
})
