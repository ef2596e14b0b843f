import { ImprunError } from '@imprun/contracts'
import type { Response } from 'express'
import type { EventHandlers } from '../http/api-routes.ts'
import type { EventSource, EventViews } from './event-source.ts'
import { type EventStream, openEventStream } from './event-stream.ts'

export interface EventRoutes extends Pick<EventHandlers, 'watchEvents' | 'watchGatewayEvents'> {
  /** Ends every open stream. */
  stop(): void
}

/** A browser tab or an editor window holds one each. */
const streamsMax = 500

export function createEventRoutes({ source, views }: { source: EventSource; views: Pick<EventViews, 'gateway'> }): EventRoutes {
  const open = new Set<EventStream>()

  const serve = async (res: Response, userId: string, gatewayId: string | undefined) => {
    if (open.size >= streamsMax) throw new ImprunError('SHUTTING_DOWN', `No more than ${streamsMax} event streams can be open. Close some and try again.`)
    if (res.req.method === 'HEAD') return void res.type('text/event-stream').end()
    const stream = openEventStream(res)
    open.add(stream)
    // Listening begins before `hello`, so nothing falls between what the client reads after it and the first event.
    const end = source.listen({
      onEvent(event, key, audience) {
        const isMine = gatewayId === undefined ? audience.ownerId === userId : audience.gatewayId === gatewayId
        if (isMine) stream.send(event, key)
      },
      onGap: () => stream.sendHello(),
    })
    stream.sendHello()
    await stream.ended
    end()
    open.delete(stream)
  }

  return {
    watchEvents: ({ userId }, res) => serve(res, userId, undefined),
    async watchGatewayEvents({ params, userId }, res) {
      const { gatewayId = '' } = params
      const found = await views.gateway(gatewayId)
      if (found?.ownerId !== userId) throw new ImprunError('GATEWAY_NOT_FOUND', `You have no gateway "${gatewayId}".`)
      await serve(res, userId, gatewayId)
    },
    stop() {
      for (const stream of open) stream.end()
    },
  }
}
