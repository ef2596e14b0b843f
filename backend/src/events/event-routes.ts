import { ImprunError } from '@imprun/contracts'
import type { Response } from 'express'
import type { Watcher } from '../database/watcher.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { EventHandlers } from '../http/api-routes.ts'
import { onMemberChange } from '../members/member-changes.ts'
import type { MemberStore } from '../members/member-store.ts'
import type { Audience, EventSource } from './event-source.ts'
import { type EventStream, openEventStream } from './event-stream.ts'

export interface EventRoutes extends Pick<EventHandlers, 'watchEvents' | 'watchGatewayEvents'> {
  /** Ends every open stream. */
  stop(): void
}

/** A browser tab or an editor window holds one each. */
const streamsMax = 500

interface EventRoutesDeps {
  source: EventSource
  watcher: Pick<Watcher, 'on' | 'onGap'>
  gateways: Pick<GatewayStore, 'getOwned'>
  members: Pick<MemberStore, 'listGatewayIds'>
}

/** Those who listen to one gateway, or to all that they may read. */
interface Reader {
  userId: string
  /** Absent: all of them. */
  gatewayId: string | undefined
  /** Of gateways that belong to others. Moves as people are let in and taken out. */
  memberOf: ReadonlySet<string>
  stream: EventStream
}

const isFor = ({ userId, gatewayId, memberOf }: Reader, audience: Audience): boolean => {
  if (gatewayId !== undefined) return audience.gatewayId === gatewayId
  return audience.ownerId === userId || (audience.gatewayId !== undefined && memberOf.has(audience.gatewayId))
}

export function createEventRoutes({ source, watcher, gateways, members }: EventRoutesDeps): EventRoutes {
  const readers = new Set<Reader>()

  const serve = async (res: Response, userId: string, gatewayId: string | undefined) => {
    if (readers.size >= streamsMax) throw new ImprunError('SHUTTING_DOWN', `No more than ${streamsMax} event streams can be open. Close some and try again.`)
    const memberOf = new Set(await members.listGatewayIds(userId))
    if (res.req.method === 'HEAD') return void res.type('text/event-stream').end()
    const stream = openEventStream(res)
    const reader: Reader = { userId, gatewayId, memberOf, stream }
    readers.add(reader)
    // Listening begins before `hello`, so nothing falls between what the client reads after it and the first event.
    const end = source.listen({
      onEvent(event, key, audience) {
        if (isFor(reader, audience)) stream.send(event, key)
      },
      onGap: () => stream.sendHello(),
    })
    stream.sendHello()
    await stream.ended
    end()
    readers.delete(reader)
  }

  /** Whoever was let in reads the lists again, and hears from then on; whoever was taken out hears nothing more. What can not be read ends the stream, and its client asks again. */
  const lookAgain = async (reader: Reader) => {
    try {
      if (reader.gatewayId !== undefined) await gateways.getOwned(reader.gatewayId, reader.userId)
      reader.memberOf = new Set(await members.listGatewayIds(reader.userId))
      reader.stream.sendHello()
    } catch {
      reader.stream.end()
    }
  }
  const endListening = onMemberChange(watcher, (userId) => {
    for (const reader of readers) if (userId === undefined || reader.userId === userId) void lookAgain(reader)
  })

  return {
    watchEvents: ({ userId }, res) => serve(res, userId, undefined),
    async watchGatewayEvents({ params, userId }, res) {
      const { gatewayId } = await gateways.getOwned(params.gatewayId ?? '', userId)
      await serve(res, userId, gatewayId)
    },
    stop() {
      endListening()
      for (const { stream } of readers) stream.end()
    },
  }
}
