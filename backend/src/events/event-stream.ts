import type { ImprunEvent } from '@imprun/contracts'
import type { Response } from 'express'

/** Proxies and browsers give up silent connections; this is well below the usual minute. */
const heartbeatEveryMs = 15_000
/** How soon a client that lost the connection may come back. */
const clientRetryMs = 1_000
/** A client that is so far behind is told to read the lists again instead. */
const waitingMax = 500

export interface EventStream {
  send(event: ImprunEvent, key: string): void
  sendHello(): void
  /** Resolves when the connection has ended, from whichever side. */
  ended: Promise<void>
  end(): void
}

/**
 * One client's connection (Server-Sent Events). While the client does not take what was sent, events wait, the newest of each key only; beyond
 * `waitingMax` they are dropped for one `hello`.
 */
export function openEventStream(res: Response): EventStream {
  const waiting = new Map<string, ImprunEvent>()
  let isBlocked = false
  let isHelloDue = false

  const write = (event: ImprunEvent) => {
    isBlocked = !res.write(`data: ${JSON.stringify(event)}\n\n`)
  }
  const flush = () => {
    isBlocked = false
    if (isHelloDue) {
      isHelloDue = false
      write({ type: 'hello' })
    }
    for (const [key, event] of waiting) {
      if (isBlocked) return
      waiting.delete(key)
      write(event)
    }
  }

  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
  res.write(`retry: ${clientRetryMs}\n\n`)
  res.on('drain', flush)
  const heartbeat = setInterval(() => {
    if (!isBlocked) res.write(': alive\n\n')
  }, heartbeatEveryMs)
  const ended = new Promise<void>((resolve) => res.once('close', resolve)).then(() => clearInterval(heartbeat))

  return {
    send(event, key) {
      if (!isBlocked) return write(event)
      // Taken out first, so that it goes behind what has changed since.
      waiting.delete(key)
      waiting.set(key, event)
      if (waiting.size <= waitingMax) return
      waiting.clear()
      isHelloDue = true
    },
    sendHello() {
      if (!isBlocked) return write({ type: 'hello' })
      waiting.clear()
      isHelloDue = true
    },
    ended,
    end: () => void res.end(),
  }
}
