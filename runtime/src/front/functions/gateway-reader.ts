import {
  type EnvironmentName,
  type EnvironmentSettings,
  type EnvironmentVariables,
  environmentSettingsSchema,
  environmentVariablesSchema,
  gatewayCollections,
  type PublishedFunction,
  publishedFunctionSchema,
  revisionCounterId,
  type StoredCredential,
  storedCredentialSchema,
} from '@imprun/contracts'
import type { Document, FindOptions, MongoClient } from 'mongodb'
import type { z } from 'zod'
import type { Log } from '../../platform/log.ts'
import type { FunctionSource } from '../environment.ts'
import type { BelledCollection } from './bell.ts'

/** A published function as the tables need it; its code only where it is about to be loaded. */
export type PublishedFunctionHead = Omit<PublishedFunction, 'code' | 'sourceMap'>

export type GatewayDocument =
  | { kind: 'settings'; revision: number; environment: EnvironmentName; settings: EnvironmentSettings }
  | { kind: 'variables'; revision: number; environment: EnvironmentName; stored: EnvironmentVariables }
  | { kind: 'credential'; revision: number; environment: EnvironmentName; credential: StoredCredential }
  | { kind: 'function'; revision: number; environment: EnvironmentName; published: PublishedFunctionHead; source?: FunctionSource }

/** Reads what the backend writes into the gateways' databases. It keeps no object of the driver for them: each weighs more than all that is known of a gateway. */
export interface GatewayReader {
  /** The gateway's highest revision: all documents up to it can be read by whoever reads after. */
  readRevision(gatewayDatabase: string): Promise<number>
  /** All documents of one environment, without code. */
  readAll(gatewayDatabase: string, environment: EnvironmentName): Promise<GatewayDocument[]>
  /** Documents of one collection above a revision, lowest first, with code. */
  readSince(gatewayDatabase: string, collection: BelledCollection, environments: readonly EnvironmentName[], revision: number): Promise<GatewayDocument[]>
  readSource(gatewayDatabase: string, environment: EnvironmentName, functionName: string): Promise<FunctionSource | undefined>
}

const withoutCode = { code: 0, sourceMap: 0 } as const

export function createGatewayReader(client: MongoClient, log: Log): GatewayReader {
  const find = (database: string, collection: BelledCollection, filter: Document, options: FindOptions = {}): Promise<Document[]> =>
    client.db(database).collection(collection).find(filter, options).toArray()
  const readable = (database: string, collection: BelledCollection, documents: Document[]): GatewayDocument[] =>
    documents.flatMap((document) => {
      const parsed = parsers[collection](document)
      if (parsed !== undefined) return [parsed]
      log.error({ database, collection, id: String(document._id) }, 'A document of the gateway can not be read and is passed over.')
      return []
    })

  return {
    async readRevision(database) {
      const counters = client.db(database).collection<{ _id: string; value: number }>(gatewayCollections.counters)
      const counter = await counters.findOne({ _id: revisionCounterId })
      return counter?.value ?? 0
    },
    async readAll(database, environment) {
      const [settings, variables, credentials, functions] = await Promise.all([
        find(database, gatewayCollections.environments, { environment }),
        find(database, gatewayCollections.variables, { environment }),
        find(database, gatewayCollections.credentials, { environment }),
        find(database, gatewayCollections.publishedFunctions, { environment }, { projection: withoutCode }),
      ])
      return [
        ...readable(database, gatewayCollections.environments, settings),
        ...readable(database, gatewayCollections.variables, variables),
        ...readable(database, gatewayCollections.credentials, credentials),
        ...readable(database, gatewayCollections.publishedFunctions, functions),
      ]
    },
    async readSince(database, collection, environments, revision) {
      const newer = { environment: { $in: environments }, revision: { $gt: revision } }
      return readable(database, collection, await find(database, collection, newer, { sort: { revision: 1 } }))
    },
    async readSource(database, environment, name) {
      const [document] = await find(database, gatewayCollections.publishedFunctions, { environment, name })
      const parsed = document === undefined ? undefined : parsers[gatewayCollections.publishedFunctions](document)
      return parsed?.kind === 'function' && !parsed.published.isRemoved ? parsed.source : undefined
    },
  }
}

/** Of the version that serves; a candidate beside it raises only the document's revision. */
export const codeRevisionOf = ({ revision, codeRevision = revision }: PublishedFunctionHead): number => codeRevision

const functionHeadSchema = publishedFunctionSchema.omit({ code: true, sourceMap: true })
const parsers: Record<BelledCollection, (document: Document) => GatewayDocument | undefined> = {
  [gatewayCollections.environments]: (document) =>
    parsed(environmentSettingsSchema, document, (settings) => ({ kind: 'settings', ...placed(settings), settings })),
  [gatewayCollections.variables]: (document) => parsed(environmentVariablesSchema, document, (stored) => ({ kind: 'variables', ...placed(stored), stored })),
  [gatewayCollections.credentials]: (document) =>
    parsed(storedCredentialSchema, document, (credential) => ({ kind: 'credential', ...placed(credential), credential })),
  [gatewayCollections.publishedFunctions]: (document) =>
    parsed(functionHeadSchema, document, (published) => ({
      kind: 'function',
      ...placed(published),
      published,
      ...(typeof document.code === 'string' && typeof document.sourceMap === 'string'
        ? { source: { version: published.version, revision: codeRevisionOf(published), code: document.code, sourceMap: document.sourceMap } }
        : {}),
    })),
}
const placed = ({ revision, environment }: { revision: number; environment: EnvironmentName }): { revision: number; environment: EnvironmentName } => ({
  revision,
  environment,
})

function parsed<T>(schema: z.ZodType<T>, document: Document, make: (value: T) => GatewayDocument): GatewayDocument | undefined {
  const result = schema.safeParse(document)
  return result.success ? make(result.data) : undefined
}
