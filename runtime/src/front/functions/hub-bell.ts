import { type BellAddress, type BellMessage, bellMessageSchema, bellPath, bellSilentMsMax } from '@imprun/contracts'
import { createParser } from 'eventsource-parser'
import type { Log } from '../../platform/log.ts'
import { type Bell, type BellHint, createBellState } from './bell.ts'

/** The backend's change stream, heard over one connection however many gateways are listened to. */
export interface HubBell extends Bell {
  /** Where to listen from now on; known already: nothing changes. */
  setAddress(address: BellAddress): void
  readonly hasAddress: boolean
  close(): Promise<void>
}

interface Listener {
  wake(hint?: BellHint): void
  state: ReturnType<typeof createBellState>
}

const reconnectDelayMs = (failuresInARow: number): number => Math.min(2_000, 50 * 2 ** failuresInARow) * (0.75 + Math.random() / 2)
const silenceCheckEveryMs = bellSilentMsMax / 8

export function createHubBell(log: Log): HubBell {
  const listeners = new Map<string, Set<Listener>>()
  let address: BellAddress | undefined
  let connection: { abort: AbortController; ended: Promise<void> } | undefined
  let isLive = false
  let heardAtMs = 0
  let comeBackTimers = new Set<NodeJS.Timeout>()
  let isClosed = false

  const all = function* (): Iterable<Listener> {
    for (const those of listeners.values()) yield* those
  }
  /** Runs for each listener at a time of its own, so that the reads that follow do not come all at once. */
  const spread = (spreadMs: number, run: (listener: Listener) => void): void => {
    for (const listener of all()) {
      const timer = setTimeout(() => {
        comeBackTimers.delete(timer)
        run(listener)
      }, Math.random() * spreadMs)
      comeBackTimers.add(timer)
    }
  }
  const stopSpreading = (): void => {
    for (const timer of comeBackTimers) clearTimeout(timer)
    comeBackTimers = new Set()
  }
  const beDeaf = (): void => {
    if (!isLive) return
    isLive = false
    stopSpreading()
    for (const { state } of all()) state.set('deaf')
  }
  const beLive = (spreadMs: number): void => {
    if (isLive) return
    isLive = true
    spread(spreadMs, ({ state }) => state.set('live'))
  }
  const onMessage = (message: BellMessage): void => {
    heardAtMs = performance.now()
    if (message.type === 'ring') for (const { wake } of listeners.get(message.gatewayId) ?? []) wake({ collection: message.collection })
    else if (message.type === 'resync') spread(message.spreadMs, ({ wake }) => wake())
    else if (message.isLive) beLive(Math.max(message.spreadMs, listeners.size / 2))
    else beDeaf()
  }

  const connect = async (signal: AbortSignal): Promise<void> => {
    let failuresInARow = 0
    while (!signal.aborted && address !== undefined) {
      try {
        await listenOnce(address, signal, (message) => {
          failuresInARow = 0
          onMessage(message)
        })
      } catch (error) {
        if (!signal.aborted && failuresInARow === 0) log.warn({ error }, 'The bell of the backend is not heard; it is tried again.')
      }
      beDeaf()
      failuresInARow += 1
      await sleep(reconnectDelayMs(failuresInARow), signal)
    }
  }
  const disconnect = async (): Promise<void> => {
    const before = connection
    connection = undefined
    before?.abort.abort()
    await before?.ended
    beDeaf()
  }
  const ensureConnected = (): void => {
    if (connection !== undefined || address === undefined || listeners.size === 0 || isClosed) return
    const abort = new AbortController()
    connection = { abort, ended: connect(abort.signal) }
  }
  const silenceTimer = setInterval(() => {
    if (isLive && performance.now() - heardAtMs > bellSilentMsMax) beDeaf()
  }, silenceCheckEveryMs)
  silenceTimer.unref()

  return {
    setAddress(next) {
      if (address?.url === next.url && address.token === next.token) return
      address = next
      void disconnect().then(ensureConnected)
    },
    get hasAddress() {
      return address !== undefined
    },
    listen({ gatewayId }, wake) {
      const listener: Listener = { wake, state: createBellState() }
      const those = listeners.get(gatewayId) ?? new Set()
      listeners.set(gatewayId, those.add(listener))
      if (isLive) queueMicrotask(() => isLive && those.has(listener) && listener.state.set('live'))
      ensureConnected()
      return {
        state: listener.state.state,
        onState: listener.state.onState,
        async close() {
          those.delete(listener)
          if (those.size === 0 && listeners.get(gatewayId) === those) listeners.delete(gatewayId)
          if (listeners.size === 0) await disconnect()
        },
      }
    },
    async close() {
      isClosed = true
      clearInterval(silenceTimer)
      await disconnect()
    },
  }
}

/** Hears one connection to its end. Silence ends it too: a machine that is gone closes nothing. */
async function listenOnce({ url, token }: BellAddress, signal: AbortSignal, onMessage: (message: BellMessage) => void): Promise<void> {
  const silent = new AbortController()
  let timer = setTimeout(() => silent.abort(new Error(`Silent for ${bellSilentMsMax} ms.`)), bellSilentMsMax)
  try {
    const response = await fetch(new URL(bellPath, url), {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, silent.signal]),
    })
    if (response.status !== 200 || response.body === null) throw new Error(`The backend answered ${response.status}.`)
    const parser = createParser({
      onEvent({ data }) {
        const message = bellMessageSchema.safeParse(JSON.parse(data))
        if (message.success) onMessage(message.data)
      },
    })
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(new Error(`Silent for ${bellSilentMsMax} ms.`)), bellSilentMsMax)
      parser.feed(text)
    }
  } finally {
    clearTimeout(timer)
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const onEnd = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onEnd)
      resolve()
    }
    const timer = setTimeout(onEnd, ms)
    signal.addEventListener('abort', onEnd)
  })
}
