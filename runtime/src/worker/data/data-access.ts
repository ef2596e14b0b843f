import { MongoClient, type MongoClientOptions } from 'mongodb'
import { createAccessRules } from './access-rules.ts'
import { type DataSession, DriverSession } from './data-session.ts'
import { Database } from './database.ts'

export interface DataAccess {
  /** @param isCallOpen whether a call (by the guest's number) has not been answered yet */
  openSession(isCallOpen: (call: unknown) => boolean): DataSession
}

/**
 * The environment's database, with one client for the whole process that connects when a function first asks for something.
 * @param isFull whether it may not become larger at the moment
 * @param uri what it says of pool and timeouts wins over what is set here
 */
export function createDataAccess(uri: string, database: string, isFull: () => boolean): DataAccess {
  const rules = createAccessRules(database)
  const connected = new Database(() => new MongoClient(uri, toClientOptions(uri)), database)
  return { openSession: (isCallOpen) => new DriverSession({ database: connected, rules, isFull, isCallOpen }) }
}

const clientOptions = {
  /** Thousands of workers may share one MongoDB. */
  maxPoolSize: 20,
  /** Connections of an environment that has gone quiet are given back. */
  maxIdleTimeMS: 60_000,
  /** Shorter than most functions may run, so that an author learns that the database is away and not only that time ran out. */
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  waitQueueTimeoutMS: 10_000,
} satisfies MongoClientOptions

function toClientOptions(uri: string): MongoClientOptions {
  const given = new URLSearchParams(uri.split('?')[1])
  const open = Object.entries(clientOptions).filter(([name]) => !given.has(name))
  return { appName: 'imprun-worker', ...Object.fromEntries(open) }
}
