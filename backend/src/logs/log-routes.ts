import { ImprunError, type LogFilter, type RouteQuery } from '@imprun/contracts'
import type { Response } from 'express'
import type { Database } from '../database/database.ts'
import { toPage } from '../database/paging.ts'
import type { Watcher } from '../database/watcher.ts'
import type { FunctionLookup, OwnedGateways } from '../functions/function-lookup.ts'
import type { EventHandlers } from '../http/api-routes.ts'
import type { Handlers } from '../http/handlers.ts'
import { onMemberChange } from '../members/member-changes.ts'
import type { Log } from '../platform/log.ts'
import { toLogEntry } from './log-entry.ts'
import { toPredicate } from './log-filter.ts'
import { isPlace } from './log-history.ts'
import { createLogStore, logCursorKey } from './log-store.ts'
import { LogTail } from './log-tail.ts'
import { createTurns } from './turns.ts'

export interface LogRoutesDeps {
  database: Database
  watcher: Watcher
  gateways: OwnedGateways
  lookup: FunctionLookup
  log: Log
}
export interface LogRoutes {
  pages: Pick<Handlers, 'listLogs' | 'listGatewayLogs'>
  tails: Pick<EventHandlers, 'listLogs' | 'listGatewayLogs'>
  /** Ends every open tail. */
  stop(): void
}

const tailsMax = 500
/** Each costs the server a change stream while it lasts. */
const catchingUpMax = 8
const storedLinesMax = 1_000

type Query = RouteQuery<'listLogs'>

export function createLogRoutes({ database, watcher, gateways, lookup, log }: LogRoutesDeps): LogRoutes {
  const store = createLogStore(database)
  const takeTurn = createTurns(catchingUpMax)
  const open = new Map<LogTail, { gatewayId: string; userId: string }>()

  const page = async (gatewayId: string, query: Query) =>
    toPage(await store.readPage(gatewayId, query, query), query.limit, logCursorKey, (row) => toLogEntry(gatewayId, row))

  /** Whoever may not read it any more is hung up on. */
  const endListening = onMemberChange(watcher, (userId) => {
    for (const [tail, reader] of open)
      if (userId === undefined || reader.userId === userId) gateways.getOwned(reader.gatewayId, reader.userId).catch(() => tail.end())
  })

  const tail = async ({ gatewayId, userId }: { gatewayId: string; userId: string }, filter: LogFilter, lastEventId: string | undefined, res: Response) => {
    if (open.size >= tailsMax) throw new ImprunError('SHUTTING_DOWN', `No more than ${tailsMax} log tails can be open. Close some and try again.`)
    if (lastEventId !== undefined && !isPlace(lastEventId)) throw new ImprunError('INPUT_INVALID', 'Last-Event-ID is none that this stream has sent.')
    if (res.req.method === 'HEAD') return void res.type('text/event-stream').end()
    // The place is taken before the stored lines are read, so that nothing can fall between the two.
    const after = lastEventId ?? watcher.place()
    const isAnew = lastEventId === undefined && filter.since !== undefined
    const stored = isAnew ? (await store.readNewest(gatewayId, filter, storedLinesMax)).map((row) => toLogEntry(gatewayId, row)) : []
    const made = new LogTail({ database, watcher, log, takeTurn }, { gatewayId, isWanted: toPredicate(filter), after, stored }, res)
    open.set(made, { gatewayId, userId })
    try {
      await made.serve()
    } finally {
      open.delete(made)
    }
  }

  return {
    pages: {
      async listLogs({ params, query, account }) {
        const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
        return page(stored.gatewayId, { ...query, functionName: stored.name })
      },
      async listGatewayLogs({ params, query, account }) {
        const { gatewayId } = await gateways.getOwned(params.gatewayId, account.userId)
        return page(gatewayId, query)
      },
    },
    tails: {
      async listLogs({ params, query, lastEventId, userId }, res) {
        const { stored } = await lookup.getOwned(params.gatewayId ?? '', params.functionId ?? '', userId)
        await tail({ gatewayId: stored.gatewayId, userId }, { ...query, functionName: stored.name }, lastEventId, res)
      },
      async listGatewayLogs({ params, query, lastEventId, userId }, res) {
        const { gatewayId } = await gateways.getOwned(params.gatewayId ?? '', userId)
        await tail({ gatewayId, userId }, query, lastEventId, res)
      },
    },
    stop() {
      endListening()
      for (const each of open.keys()) each.end()
    },
  }
}
