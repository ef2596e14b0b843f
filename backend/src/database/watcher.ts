import { belledCollections, gatewayCollections, sysDatabaseName } from '@imprun/contracts'
import type { ChangeStream, ChangeStreamDocument, ChangeStreamOptions, Document, ResumeToken, Timestamp } from 'mongodb'
import { epoch } from '../phases/phase-document.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Database } from './database.ts'

/**
 * The backend's one change stream, over the whole deployment and filtered by the server: a stream per gateway would cost mongod time for every commit
 * anywhere. Listeners are told that something changed and re-read what they need; the stream is a bell and no store.
 */
export interface Watcher {
  /** Resolves once every later commit will be seen. @throws the driver's error when MongoDB cannot be reached. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Listeners run in commit order; what one throws is logged. @returns a function that ends the listening. */
  on(filter: { scope: Change['scope']; collection: string }, listener: (change: Change) => void): () => void
  /** Called when changes may have been missed: read everything again. */
  onGap(listener: () => void): () => void
  isLive(): boolean
  /** Listeners have been told all that came up to this place, and will be told all that comes after it; undefined while the stream is away. */
  place(): string | undefined
}

export interface Change {
  scope: 'sys' | 'gateway'
  /** Only with scope `gateway`. */
  gatewayId?: string
  collection: string
  operation: 'insert' | 'update' | 'replace' | 'delete'
  id: string
  /** Where in the history of all changes this one stands. Places are compared as text: the smaller came first. */
  place: string
  /** The document as it is now, so perhaps newer than this change; absent when it has been deleted since. */
  document?: Record<string, unknown>
}

const watchedSysCollections = [
  'apiGateways',
  'environments',
  'functions',
  'deployments',
  'applications',
  'applicationGrants',
  'mcpTools',
  'members',
  'notifiers',
  'regions',
  'runtimeInstances',
] as const
const watchedOperations = ['insert', 'update', 'replace', 'delete'] as const
const gatewayDatabase = /^gatewayid_([a-z0-9-]+)$/

/**
 * What phase engines write for themselves: that they take a document or still hold it; and of instances, which nobody else follows, that they let go. And how
 * an attempt to tell somebody went.
 */
const uneventful: Document[] = [
  { 'ns.coll': 'notifiers', 'updateDescription.updatedFields.lastAttempt': { $exists: true } },
  { 'updateDescription.updatedFields.lockedAt': { $gt: epoch }, 'updateDescription.updatedFields.phase': { $exists: false } },
  { 'ns.coll': 'runtimeInstances', 'updateDescription.updatedFields.nextAttemptAt': { $gt: epoch } },
]

/** An update of `__runtimes` counts only when it changes what has been applied. */
const watchedInGateways: Document[] = [
  { 'ns.coll': { $in: belledCollections } },
  { 'ns.coll': gatewayCollections.logs, operationType: 'insert' },
  { 'ns.coll': gatewayCollections.stats, operationType: { $in: ['insert', 'update'] } },
  {
    'ns.coll': gatewayCollections.runtimes,
    $or: [
      { operationType: { $ne: 'update' } },
      { 'updateDescription.updatedFields.revision': { $exists: true } },
      { 'updateDescription.updatedFields.failures': { $exists: true } },
    ],
  },
]

/**
 * User data never leaves the server. The server asks this of every commit anywhere, and the pattern is by far the dearest part: named once, and not in each
 * branch, it leaves 5 % of a processor for each 1,000 commits a second where it was 13 (MongoDB 6.0).
 */
const pipeline: Document[] = [
  {
    $match: {
      operationType: { $in: watchedOperations },
      $or: [
        { 'ns.db': sysDatabaseName, 'ns.coll': { $in: watchedSysCollections }, $nor: uneventful },
        { 'ns.db': gatewayDatabase, $or: watchedInGateways },
      ],
    },
  },
  // What runtimes read for themselves only rings: code, keys and variables have no business here.
  { $set: { fullDocument: { $cond: [{ $in: ['$ns.coll', belledCollections] }, '$$REMOVE', '$fullDocument'] } } },
  { $unset: ['updateDescription'] },
]

/** An idle stream answers this often, so silence for several times as long means that the connection is dead. */
const awaitMs = 1_000
const silentAfterMs = 5_000
const reopenMinMs = 50
const reopenMaxMs = 5_000

type Stream = ChangeStream<Document, ChangeStreamDocument<Document>>

export function createWatcher({ database, clock, log }: { database: Database; clock: Clock; log: Log }): Watcher {
  const listeners = new Map<string, Set<(change: Change) => void>>()
  const gapListeners = new Set<() => void>()
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let lastAnswerMs: number | undefined
  let toldUpTo: string | undefined

  const tell = <Args extends unknown[]>(those: Iterable<(...args: Args) => void>, ...args: Args) => {
    for (const listener of [...those]) {
      try {
        listener(...args)
      } catch (error) {
        log.error({ error }, 'A listener of the change stream failed')
      }
    }
  }

  const deliver = (raw: ChangeStreamDocument<Document>) => {
    const change = toChange(raw)
    if (change) tell(listeners.get(`${change.scope}/${change.collection}`) ?? [], change)
  }

  const readUntilBroken = async (stream: Stream, onAnswer: () => void): Promise<never> => {
    for (;;) {
      const raw = await withinMs(stream.tryNext(), silentAfterMs, stopping.signal)
      lastAnswerMs = clock.monotonicMs()
      toldUpTo = placeOf(raw?._id ?? stream.resumeToken) ?? toldUpTo
      onAnswer()
      if (raw) deliver(raw)
    }
  }

  const run = async (from: ChangeStreamOptions) => {
    let place: ChangeStreamOptions | undefined = from
    let waitMs = reopenMinMs
    const onAnswer = () => {
      waitMs = reopenMinMs
    }
    while (!stopping.signal.aborted) {
      try {
        place ??= await startAnew()
        place = await readFrom(place, onAnswer)
      } catch (error) {
        log.warn({ error }, 'The change stream cannot be opened yet')
      }
      await clock.sleepMs(waitMs, stopping.signal).catch(() => {})
      waitMs = Math.min(waitMs * 2, reopenMaxMs)
    }
  }

  /** @returns where to go on once the stream has broken; undefined when that place is lost. */
  const readFrom = async (place: ChangeStreamOptions, onAnswer: () => void): Promise<ChangeStreamOptions | undefined> => {
    const stream: Stream = database.client.watch(pipeline, { ...place, fullDocument: 'updateLookup', maxAwaitTimeMS: awaitMs })
    const close = () => void stream.close().catch(() => {})
    stopping.signal.addEventListener('abort', close, { once: true })
    try {
      return await readUntilBroken(stream, onAnswer)
    } catch (error) {
      lastAnswerMs = undefined
      toldUpTo = undefined
      if (stopping.signal.aborted) return place
      log.warn({ error }, 'The change stream broke and is opened again')
      if (isPlaceLost(error)) return undefined
      const token = stream.resumeToken as ResumeToken | undefined
      return token ? { resumeAfter: token } : place
    } finally {
      stopping.signal.removeEventListener('abort', close)
      close()
    }
  }

  /** The history that the stream would resume from is gone: begin at this moment and tell everyone to read again. */
  const startAnew = async (): Promise<ChangeStreamOptions> => {
    const startAtOperationTime = await operationTime(database)
    tell(gapListeners)
    return { startAtOperationTime }
  }

  return {
    async start() {
      const startAtOperationTime = await operationTime(database)
      lastAnswerMs = clock.monotonicMs()
      running = run({ startAtOperationTime })
    },
    async stop() {
      stopping.abort()
      await running
      lastAnswerMs = undefined
    },
    on({ scope, collection }, listener) {
      const key = `${scope}/${collection}`
      const those = listeners.get(key) ?? new Set()
      listeners.set(key, those.add(listener))
      return () => void those.delete(listener)
    },
    onGap(listener) {
      gapListeners.add(listener)
      return () => void gapListeners.delete(listener)
    },
    place: () => toldUpTo,
    isLive: () => lastAnswerMs !== undefined && clock.monotonicMs() - lastAnswerMs < silentAfterMs,
  }
}

function toChange(raw: ChangeStreamDocument<Document>): Change | undefined {
  if (raw.operationType !== 'insert' && raw.operationType !== 'update' && raw.operationType !== 'replace' && raw.operationType !== 'delete') return undefined
  const gatewayId = gatewayDatabase.exec(raw.ns.db)?.[1]
  return {
    scope: gatewayId === undefined ? 'sys' : 'gateway',
    ...(gatewayId === undefined ? {} : { gatewayId }),
    collection: raw.ns.coll,
    operation: raw.operationType,
    id: String(raw.documentKey._id),
    place: placeOf(raw._id) ?? '',
    ...('fullDocument' in raw && raw.fullDocument ? { document: raw.fullDocument } : {}),
  }
}

/** Resume tokens carry their place as hexadecimal text that sorts by time (MongoDB's manual, Change Streams, Resume Tokens). */
function placeOf(token: ResumeToken | undefined): string | undefined {
  const data = (token as { _data?: unknown } | undefined)?._data
  return typeof data === 'string' ? data : undefined
}

async function operationTime(database: Database): Promise<Timestamp> {
  const { operationTime } = await database.client.db('admin').command({ ping: 1 })
  return operationTime
}

/** ChangeStreamHistoryLost, and a place that this server never had (another data folder). */
const placeLostCodes = [286, 280, 222, 260]
const isPlaceLost = (error: unknown) => placeLostCodes.includes(Number((error as { code?: unknown } | undefined)?.code))

/** Also ends at once when the signal fires: an idle stream would answer only after `awaitMs`. */
async function withinMs<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  const timer = setTimeout(() => reject(new Error(`The change stream was silent for ${ms} ms.`)), ms)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    work.catch(() => {})
  }
}
