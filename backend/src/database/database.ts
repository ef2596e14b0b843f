import { gatewayDatabaseName, sysDatabaseName } from '@imprun/contracts'
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'

/** The backend's one connection pool to MongoDB. */
export interface Database {
  readonly client: MongoClient
  /** `sys_db`: only the backend reaches it. */
  readonly sys: Db
  /** `gatewayid_<id>`: what the backend tells the runtimes of one gateway. */
  gateway(gatewayId: string): Db
  named(name: string): Db
  /** The address of the same MongoDB for another user (of `admin`). Holds a password: never log it. */
  uriFor(user: string, password: string): string
}

/** Short enough that a caller hears DATABASE_UNAVAILABLE while it still waits, long enough that most restarts of mongod are not noticed. */
const serverSelectionTimeoutMs = 2_500

/** A server that takes connections and says nothing is given up within the sum of these, and whatever waits for it ends. */
const heartbeatEveryMs = 2_000
const connectTimeoutMs = 5_000

export interface ConnectedDatabase extends Database {
  close(): Promise<void>
}

/**
 * Every write is acknowledged by a majority and journaled: what a caller was told is kept, whatever dies next.
 * @throws Error with a sentence for people when MongoDB is no replica set; the driver's error when it cannot be reached.
 */
export async function connectDatabase(uri: string, options: MongoClientOptions = {}): Promise<ConnectedDatabase> {
  const client = new MongoClient(uri, {
    appName: 'imprun-backend',
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    heartbeatFrequencyMS: heartbeatEveryMs,
    connectTimeoutMS: connectTimeoutMs,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    ignoreUndefined: true,
    ...options,
  })
  try {
    await client.connect()
    const hello = await client.db('admin').command({ hello: 1 })
    if (!hello.setName) throw new Error('MongoDB has to run as a replica set (a single node is enough): change streams and transactions need one.')
  } catch (error) {
    await client.close()
    throw error
  }
  return {
    client,
    sys: client.db(sysDatabaseName),
    gateway: (gatewayId) => client.db(gatewayDatabaseName(gatewayId)),
    named: (name) => client.db(name),
    uriFor: (user, password) => uriForUser(uri, user, password),
    close: () => client.close(),
  }
}

/** Puts another user into a connection address. Addresses with several hosts are no URLs to the standard parser, so this works on the text. */
export function uriForUser(uri: string, user: string, password: string): string {
  const match = /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri)
  if (!match) throw new Error('MONGODB_URI has to look like mongodb://host:port/?replicaSet=name.')
  const [, scheme, hosts, , query] = match
  const options = new URLSearchParams(query ?? '')
  for (const name of [...options.keys()]) if (/^(authSource|authMechanism|authMechanismProperties|appName)$/i.test(name)) options.delete(name)
  options.set('authSource', 'admin')
  return `${scheme}${encodeURIComponent(user)}:${encodeURIComponent(password)}@${hosts}/?${options}`
}
