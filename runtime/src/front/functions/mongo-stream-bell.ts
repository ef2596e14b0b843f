import { belledCollections } from '@imprun/contracts'
import type { ChangeStream, Db, MongoClient } from 'mongodb'
import type { Log } from '../../platform/log.ts'
import { type Bell, BellExhaustedError, type BelledCollection, createBellState, type Listening } from './bell.ts'

/** Each stream costs mongod 70-120 us of a core for every commit anywhere: past a few dozen, another kind of bell is the better one. */
export const streamsWarnedAt = 50
export const streamsMax = 200
// An idle stream answers once a second; so long a silence means that nobody is there, whatever the driver still hopes.
const awaitMs = 1_000
const silentMsMax = 4_000
const reopenDelayMs = (failuresInARow: number): number => Math.min(2_000, 50 * 2 ** failuresInARow) * (0.75 + Math.random() / 2)

export interface StreamBell extends Bell {
  /** Streams that are open. */
  readonly count: number
}

/** One change stream for each gateway that is listened to, all on one client. */
export function createMongoStreamBell(client: MongoClient, log: Log): StreamBell {
  let streams = 0
  return {
    get count() {
      return streams
    },
    listen({ gatewayId, gatewayDatabase }, wake) {
      if (streams >= streamsMax) {
        throw new BellExhaustedError(
          `This runtime already watches ${streamsMax} gateways, the most that change streams are good for. Use another runtime or the bell "hub".`,
        )
      }
      streams += 1
      if (streams === streamsWarnedAt) log.warn({ streams }, 'So many change streams slow the database down; plan for the bell "hub".')
      const listening = listenToStream(client.db(gatewayDatabase), wake, (error) =>
        log.warn({ gatewayId, error }, 'A change stream ended; it is opened again.'),
      )
      return {
        ...listening,
        async close() {
          streams -= 1
          await listening.close()
        },
      }
    },
  }
}

function listenToStream(database: Db, wake: (hint: { collection: BelledCollection }) => void, onError: (error: unknown) => void): Listening {
  const state = createBellState()
  let stream: ChangeStream | undefined
  let reopenTimer: NodeJS.Timeout | undefined
  let failuresInARow = 0
  let heardAtMs = 0
  let isClosed = false

  const hear = (): void => {
    if (isClosed) return
    heardAtMs = performance.now()
    failuresInARow = 0
    state.set('live')
  }
  const fail = (failed: ChangeStream, error: unknown): void => {
    if (isClosed || failed !== stream) return
    stream = undefined
    state.set('deaf')
    failuresInARow += 1
    if (failuresInARow === 1) onError(error)
    failed.close().catch(() => {})
    reopenTimer = setTimeout(open, reopenDelayMs(failuresInARow))
  }
  const open = (): void => {
    const opened = database.watch([{ $match: { 'ns.coll': { $in: [...belledCollections] } } }, { $project: { _id: 1, 'ns.coll': 1 } }], {
      maxAwaitTimeMS: awaitMs,
    })
    stream = opened
    heardAtMs = performance.now()
    // Comes with the first answer of the server and then with every further one, so it also tells that the stream is open.
    opened.on('resumeTokenChanged', hear)
    opened.on('change', (change) => {
      hear()
      const collection = belledCollections.find((name) => 'ns' in change && 'coll' in change.ns && change.ns.coll === name)
      if (collection !== undefined && !isClosed) wake({ collection })
    })
    opened.on('error', (error) => fail(opened, error))
    opened.on('close', () => fail(opened, new Error('The change stream was closed.')))
    opened.on('end', () => fail(opened, new Error('The change stream came to its end.')))
  }
  const silenceTimer = setInterval(() => {
    if (performance.now() - heardAtMs > silentMsMax) state.set('deaf')
  }, silentMsMax / 4)
  open()

  return {
    state: state.state,
    onState: state.onState,
    async close() {
      isClosed = true
      clearInterval(silenceTimer)
      clearTimeout(reopenTimer)
      await stream?.close().catch(() => {})
    },
  }
}
