import type { Config } from '../config.ts'
import type { Keys } from '../home/keys.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Secrets } from '../platform/secrets.ts'
import { homeDigest } from '../platform/socket-folder.ts'
import { endAbandonedTransactions } from './abandoned-transactions.ts'
import { type ConnectedDatabase, connectDatabase } from './database.ts'
import { createEmbeddedMongodb, type EmbeddedMongodb } from './embedded/embedded-mongodb.ts'
import { findMongod } from './embedded/find-mongod.ts'
import { rootUser } from './embedded/replica-set.ts'

interface Options {
  config: Pick<Config, 'home' | 'mongodbUri' | 'cacheFolder' | 'searchPath'>
  keys: Pick<Keys, 'mongoKeyFile'>
  secrets: Pick<Secrets, 'deriveSecret'>
  clock: Clock
  log: Log
  progress(line: string): void
  signal: AbortSignal | undefined
}

export interface OpenDatabase {
  database: ConnectedDatabase
  /** Undefined when MONGODB_URI names one that others run. */
  mongodb: EmbeddedMongodb | undefined
}

/** The MongoDB of MONGODB_URI, else the embedded one. Registers with `undo` how each is left again. @throws Error with a sentence for people. */
export async function openDatabase(options: Options, undo: AsyncDisposableStack): Promise<OpenDatabase> {
  const { config, progress } = options
  const mongodb = config.mongodbUri === undefined ? await startEmbedded(options, undo) : undefined
  if (!mongodb) progress('Connecting to the MongoDB of MONGODB_URI')
  const database = await connect(mongodb?.uri() ?? config.mongodbUri ?? '', appNameOf(config.home))
  undo.defer(() => database.close())
  await endAbandonedTransactions(database, options.log)
  return { database, mongodb }
}

async function startEmbedded({ config, keys, secrets, clock, log, progress, signal }: Options, undo: AsyncDisposableStack): Promise<EmbeddedMongodb> {
  const { home, cacheFolder, searchPath } = config
  const mongodb = createEmbeddedMongodb({
    home,
    keyFile: keys.mongoKeyFile,
    password: secrets.deriveSecret(`mongodb-user:${rootUser}`),
    async mongodPath() {
      const found = await findMongod({ searchPath, cacheFolder, progress, ...(signal ? { signal } : {}) })
      progress(`Starting MongoDB ${found.version} (${found.path})`)
      return found.path
    },
    clock,
    log: log.child({ part: 'mongodb' }),
    progress,
  })
  undo.defer(() => mongodb.stop())
  await mongodb.start()
  return mongodb
}

/** Tells the backend of this home from others on the same MongoDB. */
const appNameOf = (home: string) => `imprun-backend-${homeDigest(home)}`

async function connect(uri: string, appName: string): Promise<ConnectedDatabase> {
  try {
    return await connectDatabase(uri, { appName })
  } catch (error) {
    // The driver's text may name hosts, which help, and never the password.
    throw new Error(`MongoDB cannot be used: ${(error as Error).message} Check MONGODB_URI, or unset it to use the embedded MongoDB.`, { cause: error })
  }
}
