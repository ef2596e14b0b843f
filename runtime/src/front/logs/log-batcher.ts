import { gatewayCollections, type StoredLog } from '@imprun/contracts'
import { type MongoClient, ObjectId } from 'mongodb'
import type { LogMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import type { Environment } from '../environment.ts'
import type { Observe } from '../observe.ts'

/** Brings what functions write with console into their gateway's `__logs`. Never blocks and never grows without bound: what finds no room is counted. */
export interface LogBatcher {
  add(environment: Environment, message: LogMessage): void
  /** Writes what waits for one gateway, once. A line that came later than the end of its database would bring that back. */
  settle(gatewayDatabase: string): Promise<void>
  /** Writes what is waiting, once. */
  stop(): Promise<void>
}

type LogDocument = StoredLog & { _id: string }
interface Batch {
  lines: LogDocument[]
  characters: number
  droppedCount: number
  /** The environment whose line was dropped last: the note about it needs a place to stand. */
  droppedIn: StoredLog | undefined
  writing: Promise<void> | undefined
}

const flushEveryMs = 100
const linesMax = 10_000
const charactersMax = 8 * 1024 * 1024
const insertLinesMax = 1_000

export function createLogBatcher(options: { client: MongoClient; log: Log; observe: Observe }): LogBatcher {
  const { client, log, observe } = options
  const batches = new Map<string, Batch>()
  let timer: NodeJS.Timeout | undefined

  const flushSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      for (const [database, batch] of batches) void flush(database, batch)
    }, flushEveryMs)
  }
  const flush = (database: string, batch: Batch): Promise<void> => {
    batch.writing ??= write(database, batch).finally(() => {
      batch.writing = undefined
      if (batch.lines.length > 0) flushSoon()
      else if (batches.get(database) === batch) batches.delete(database)
    })
    return batch.writing
  }
  const write = async (database: string, batch: Batch): Promise<void> => {
    noteDropped(database, batch)
    const lines = batch.lines.slice(0, insertLinesMax)
    if (lines.length === 0) return
    try {
      await client
        .db(database)
        .collection<LogDocument>(gatewayCollections.logs)
        .insertMany(lines, { ordered: false, writeConcern: { w: 1 } })
      take(batch, lines.length)
    } catch (error) {
      // Lines that were stored before the failure are refused as doubles the next time, because they keep their ids.
      if (isOnlyDoubles(error)) take(batch, lines.length)
      else log.debug({ database, error }, 'Log lines could not be written; they wait.')
    }
  }
  const noteDropped = (database: string, batch: Batch): void => {
    if (batch.droppedIn === undefined || batch.lines.length >= linesMax) return
    const message = `${batch.droppedCount} log lines were dropped, because more came than could be written.`
    batch.lines.push({ ...batch.droppedIn, _id: newId(), level: 'warn', message, at: new Date() })
    batch.characters += message.length
    observe({ type: 'logs-dropped', gatewayDatabase: database, count: batch.droppedCount })
    batch.droppedIn = undefined
    batch.droppedCount = 0
  }

  return {
    add(environment, message) {
      const database = environment.assignment.gatewayDatabase
      let batch = batches.get(database)
      if (batch === undefined) {
        batch = { lines: [], characters: 0, droppedCount: 0, droppedIn: undefined, writing: undefined }
        batches.set(database, batch)
      }
      const line = toStoredLog(environment, message)
      if (batch.lines.length >= linesMax || batch.characters + line.message.length > charactersMax) {
        batch.droppedCount += 1
        batch.droppedIn = line
        return
      }
      batch.lines.push({ ...line, _id: newId() })
      batch.characters += line.message.length
      flushSoon()
    },
    async settle(gatewayDatabase) {
      const batch = batches.get(gatewayDatabase)
      if (batch === undefined) return
      await batch.writing
      await flush(gatewayDatabase, batch)
      batches.delete(gatewayDatabase)
    },
    async stop() {
      clearTimeout(timer)
      await Promise.all([...batches].map(([database, batch]) => flush(database, batch)))
      clearTimeout(timer)
    },
  }
}

const newId = (): string => new ObjectId().toHexString()

function take(batch: Batch, count: number): void {
  for (const line of batch.lines.splice(0, count)) batch.characters -= line.message.length
}

function toStoredLog(environment: Environment, { index, version, requestId, level, message, at, durationMs }: LogMessage): StoredLog {
  return {
    environment: environment.name,
    functionName: environment.nameOf(index) ?? '',
    version,
    ...(requestId === undefined ? {} : { requestId }),
    level,
    message,
    at: new Date(at),
    ...(durationMs === undefined ? {} : { durationMs }),
  }
}

const duplicateKey = 11_000
const isOnlyDoubles = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === duplicateKey
