import { gatewayCollections } from '@imprun/contracts'
import { type ChangeStream, type ChangeStreamInsertDocument, Timestamp } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { LogDocument } from './log-entry.ts'

/** A line and its place in the history of all changes; places are compared as text. */
export interface PlacedLog {
  place: string
  document: LogDocument
}
/** One piece of history: its lines in order, and the place up to which there are no others. */
export interface HistoryPiece {
  logs: PlacedLog[]
  upTo: string
}

/** Places come back from callers. The beginning is a time stamp of 64 bits (MongoDB's manual, Resume Tokens); everything behind it is only compared. */
export const isPlace = (text: string): boolean => /^82[0-9A-F]{16}[0-9A-F]{0,600}$/i.test(text)
const timeOf = (place: string): Timestamp => new Timestamp({ t: Number.parseInt(place.slice(2, 10), 16), i: Number.parseInt(place.slice(10, 18), 16) })

const awaitMs = 100
const pieceLinesMax = 200

type Stream = ChangeStream<LogDocument, ChangeStreamInsertDocument<LogDocument>>

/**
 * Reads again from the server's history what a tail has missed: a change stream that lives until the tail has caught up.
 * @throws the server's error when its history does not reach back so far
 */
export async function* readHistory(database: Database, gatewayId: string, from: string, signal: AbortSignal): AsyncGenerator<HistoryPiece> {
  const stream: Stream = database
    .gateway(gatewayId)
    .collection<LogDocument>(gatewayCollections.logs)
    .watch<LogDocument, ChangeStreamInsertDocument<LogDocument>>([{ $match: { operationType: 'insert' } }], {
      startAtOperationTime: timeOf(from),
      maxAwaitTimeMS: awaitMs,
    })
  const close = () => void stream.close().catch(() => {})
  signal.addEventListener('abort', close, { once: true })
  try {
    let logs: PlacedLog[] = []
    while (!signal.aborted) {
      const change = await stream.tryNext()
      if (change) {
        const place = placeOf(change._id)
        // What shares the time stamp with the place to begin after was sent before it.
        if (place > from) logs.push({ place, document: change.fullDocument })
        if (logs.length < pieceLinesMax) continue
      }
      yield { logs, upTo: logs.length === pieceLinesMax ? (logs.at(-1)?.place ?? from) : placeOf(stream.resumeToken) }
      logs = []
    }
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

const placeOf = (token: unknown): string => String((token as { _data?: unknown })._data)
