import { eventSchema, type ImprunEvent, routes } from '@imprun/contracts'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Api } from './api.ts'

export interface WatchedEvents extends AsyncDisposable {
  /** Everything that came so far, in order; grows. */
  readonly seen: readonly ImprunEvent[]
}

/** Listens to the event stream as the editor does; returns once the stream has said hello. */
export async function watchEvents(api: Api, path: string = routes.watchEvents.path): Promise<WatchedEvents> {
  const ending = new AbortController()
  const response = await api.fetch(path, { signal: ending.signal, headers: { accept: 'text/event-stream' } })
  if (!response.ok || !response.body) throw new Error(`The event stream answered ${response.status}.`)
  const seen: ImprunEvent[] = []
  const { promise: greeted, resolve: greet } = Promise.withResolvers<void>()
  const reading = (async () => {
    const events = response.body?.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).pipeThrough(new EventSourceParserStream())
    for await (const { data } of events ?? []) {
      seen.push(eventSchema.parse(JSON.parse(data)))
      greet()
    }
  })().catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  await Promise.race([greeted, reading])
  return {
    seen,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await reading
    },
  }
}
