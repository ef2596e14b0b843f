import { setTimeout as sleep } from 'node:timers/promises'
import { type Document, MongoClient } from 'mongodb'
import { replicaSetName } from './mongod-process.ts'

export const rootUser = 'imprun'

export interface Credentials {
  user: string
  password: string
}

const authenticationFailed = 18
const alreadyInitialized = 23
const notYetInitialized = 94
const unauthorized = [13, 18]
const tryEveryMs = 50

/** Runs `work` with one direct connection, signed in or not, and closes it. A broken connection is told within `timeoutMs`. */
export async function withDirectClient<T>(
  port: number,
  credentials: Credentials | undefined,
  timeoutMs: number,
  work: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: 30_000,
    ...(credentials ? { auth: { username: credentials.user, password: credentials.password }, authSource: 'admin' } : {}),
  })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/**
 * Brings a mongod that answers to where the backend can work: a replica set of one under the address it has now, primary, with our root user.
 * Every part is repeatable, so a start that died half-way is finished by the next.
 * @throws Error with a sentence for people when the data belongs to another secret key.
 */
export async function prepareReplicaSet(port: number, credentials: Credentials, signal: AbortSignal): Promise<void> {
  if (await canSignIn(port, credentials)) await ensureAddress(port, credentials, signal)
  else await initialise(port, credentials, signal)
  await withDirectClient(port, credentials, 5_000, (client) => waitUntilPrimary(client, signal))
}

async function canSignIn(port: number, credentials: Credentials): Promise<boolean> {
  try {
    await withDirectClient(port, credentials, 5_000, (client) => command(client, { ping: 1 }))
    return true
  } catch (error) {
    if (codeOf(error) === authenticationFailed) return false
    throw error
  }
}

/** Before the first user exists, MongoDB lets a caller from this machine do exactly this. */
async function initialise(port: number, credentials: Credentials, signal: AbortSignal): Promise<void> {
  await withDirectClient(port, undefined, 5_000, async (client) => {
    try {
      await command(client, { replSetInitiate: { _id: replicaSetName, members: [{ _id: 0, host: addressOf(port) }] } }, [alreadyInitialized])
      await waitUntilPrimary(client, signal)
      await command(client, { createUser: credentials.user, pwd: credentials.password, roles: [{ role: 'root', db: 'admin' }] })
    } catch (error) {
      if (!unauthorized.includes(codeOf(error))) throw error
      throw new Error(
        'MongoDB cannot be entered: its data was made with another secret key. Bring back keys/secret.key (or IMPRUN_SECRET_KEY), or set IMPRUN_HOME to another folder.',
      )
    }
  })
}

/** The set knows its member by address, and the port may be another one than last time. */
async function ensureAddress(port: number, credentials: Credentials, signal: AbortSignal): Promise<void> {
  await withDirectClient(port, credentials, 5_000, async (client) => {
    const config = await readConfig(client, signal)
    if (config.members[0]?.host === addressOf(port)) return
    const members = [{ ...config.members[0], host: addressOf(port) }]
    await command(client, { replSetReconfig: { ...config, version: config.version + 1, members }, force: true })
  })
}

interface ReplicaSetConfig {
  version: number
  members: { host: string }[]
}

/** mongod answers before it has read its own configuration. */
async function readConfig(client: MongoClient, signal: AbortSignal): Promise<ReplicaSetConfig> {
  for (;;) {
    const { config } = await command(client, { replSetGetConfig: 1 }, [notYetInitialized])
    if (config) return config as ReplicaSetConfig
    await sleep(tryEveryMs, undefined, { signal })
  }
}

async function waitUntilPrimary(client: MongoClient, signal: AbortSignal): Promise<void> {
  for (;;) {
    const hello = await command(client, { hello: 1 })
    if (hello.isWritablePrimary) return
    await sleep(tryEveryMs, undefined, { signal })
  }
}

async function command(client: MongoClient, what: Document, allowed: readonly number[] = []): Promise<Document> {
  try {
    return await client.db('admin').command(what)
  } catch (error) {
    if (allowed.includes(codeOf(error))) return {}
    throw error
  }
}

const addressOf = (port: number) => `127.0.0.1:${port}`
const codeOf = (error: unknown) => Number((error as { code?: unknown } | undefined)?.code)
