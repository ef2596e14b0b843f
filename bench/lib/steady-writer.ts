/** A process that writes small documents somewhere else in the same MongoDB, so many a second, until it is ended. See `startChild`. */
import { MongoClient } from 'mongodb'
import * as z from 'zod'
import { openRepeatedCommand } from './repeated-command.ts'

const tickMs = 10
/** All open from the beginning. With fewer, a stall of the server would make the load lighter. */
const connections = 100
const collection = 'documents'
/** `perCommit`: it is commits that change streams cost, so one document each unless somebody asks for bulk writes. */
const settings = z.object({ uri: z.string(), perSecond: z.number(), perCommit: z.number().default(1), database: z.string().default('bench_unrelated') })

process.once('message', async (message) => {
  const { uri, perSecond, perCommit, database } = settings.parse(message)
  await using client = await MongoClient.connect(uri)
  await client.db(database).collection(collection).insertOne({ at: new Date() })
  const insert = { insert: collection, documents: Array.from({ length: perCommit }, () => ({ at: new Date(), text: 'x'.repeat(200) })) }
  const idle = await Promise.all(Array.from({ length: connections }, () => openRepeatedCommand(uri, database, insert)))
  const startedAtMs = performance.now()
  let count = 0
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond)
    while (count + perCommit <= due) {
      const connection = idle.pop()
      if (connection === undefined) return
      count += perCommit
      // What MongoDB refuses ends this process: whoever counts the commits finds too few.
      void connection.send().then(() => idle.push(connection))
    }
  }, tickMs)
  process.send?.('works')
})
