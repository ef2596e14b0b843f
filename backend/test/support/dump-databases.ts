import type { ConnectedDatabase } from '../../src/database/database.ts'

/** Everything in every collection of every database, the oplog included, as text. What is MongoDB's own is closed even to the backend. */
export async function dumpDatabases({ client }: Pick<ConnectedDatabase, 'client'>): Promise<string> {
  const { databases } = await client.db('admin').admin().listDatabases()
  const dumps = databases.map(async ({ name }) => {
    const database = client.db(name)
    const collections = await database.listCollections({}, { nameOnly: true }).toArray()
    const open = collections.filter((collection) => !/^(?:system|replset)\./.test(collection.name))
    return Promise.all(open.map((collection) => database.collection(collection.name).find().toArray()))
  })
  return JSON.stringify(await Promise.all(dumps))
}
