import type { ImprunEvent } from '@imprun/contracts'
import { ImprunError, isImprunError } from '@imprun/contracts/errors'
import { createParser } from 'eventsource-parser'
import type { z } from 'zod'
import { backoffMs } from '../platform/backoff.ts'
import type { Disposable } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { ApiTarget } from './api-client.ts'
import { backendUnreachable, readProblem } from './problems.ts'

/** Which stream is followed, and what its events are. */
export interface StreamOf<Event> {
  /** Path and query. */
  path: string
  schema: z.ZodType<Event>
}
/** Asked for at each attempt to connect, so that the schemas are made when they are needed and not when the extension is loaded. */
export type StreamSource<Event> = () => Promise<StreamOf<Event>>

export const everything: StreamSource<ImprunEvent> = async () => {
  const [{ eventSchema }, { routes }] = await Promise.all([import('@imprun/contracts/event'), import('@imprun/contracts/routes/routes')])
  return { path: routes.watchEvents.path, schema: eventSchema }
}

export interface EventStreamPorts<Event> {
  /** Asked before every attempt, so that a backend that came back elsewhere is found. */
  target(): Promise<ApiTarget>
  onEvent(event: Event): void
  onConnected(): void
  /** The stream is gone and will be tried again, unless the error says SIGN_IN_REQUIRED: then it has stopped. */
  onLost(error: ImprunError): void
  log: Log
  fetch?: typeof fetch
  waitMs?: (attempt: number) => number
}

// The backend writes a comment every 15 s; three missed ones mean that the connection is dead though nobody closed it.
const silenceMaxMs = 45_000

/** Follows a stream of the backend for as long as it lives: connects, reads, waits, connects again, from the last event that had an id. */
export class EventStream<Event> implements Disposable {
  readonly #source: StreamSource<Event>
  readonly #ports: EventStreamPorts<Event>
  #lastEventId: string | undefined
  #stop = new AbortController()
  #wake: (() => void) | undefined

  constructor(source: StreamSource<Event>, ports: EventStreamPorts<Event>) {
    this.#source = source
    this.#ports = ports
  }

  start(): void {
    void this.#run(this.#stop.signal)
  }

  /** Ends the wait between two attempts. */
  retryNow(): void {
    this.#wake?.()
  }

  dispose(): void {
    this.#stop.abort()
    this.#wake?.()
  }

  async #run(stop: AbortSignal): Promise<void> {
    for (let attempt = 0; !stop.aborted; attempt++) {
      const outcome = await this.#follow(stop)
      if (stop.aborted) return
      if (outcome.wasConnected) attempt = 0
      this.#ports.onLost(outcome.error)
      if (outcome.error.code === 'SIGN_IN_REQUIRED') return
      await this.#sleep((this.#ports.waitMs ?? backoffMs)(attempt))
    }
  }

  async #follow(stop: AbortSignal): Promise<{ wasConnected: boolean; error: ImprunError }> {
    const silence = new AbortController()
    let wasConnected = false
    let apiUrl = ''
    let timer: NodeJS.Timeout | undefined
    const heard = () => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silenceMaxMs)
    }
    try {
      const [{ path, schema }, target] = await Promise.all([this.#source(), this.#ports.target()])
      apiUrl = target.apiUrl
      heard()
      const body = await this.#connect(new URL(path, apiUrl), target.token, AbortSignal.any([stop, silence.signal]))
      wasConnected = true
      this.#ports.onConnected()
      await this.#read(body, schema, heard)
      return { wasConnected, error: backendUnreachable(apiUrl) }
    } catch (cause) {
      return { wasConnected, error: isImprunError(cause) ? cause : backendUnreachable(apiUrl, cause) }
    } finally {
      clearTimeout(timer)
    }
  }

  async #connect(url: URL, token: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await (this.#ports.fetch ?? fetch)(url, {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        ...(this.#lastEventId === undefined ? {} : { 'last-event-id': this.#lastEventId }),
      },
      signal,
    })
    if (!response.ok) throw await readProblem(response)
    if (!response.body) throw new ImprunError('INTERNAL', 'The backend opened an event stream without a body.')
    return response.body
  }

  async #read(body: ReadableStream<Uint8Array>, schema: z.ZodType<Event>, heard: () => void): Promise<void> {
    const parser = createParser({ onEvent: ({ data, id }) => this.#accept(schema, data, id) })
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      heard()
      parser.feed(decoder.decode(chunk, { stream: true }))
    }
  }

  /** An event of a newer backend is passed over: the lists are whole without it after the next `hello`. */
  #accept(schema: z.ZodType<Event>, data: string, id: string | undefined): void {
    this.#lastEventId = id ?? this.#lastEventId
    const parsed = schema.safeParse(parseJson(data))
    if (parsed.success) this.#ports.onEvent(parsed.data)
    else this.#ports.log.warn(`An event of an unknown form was passed over: ${parsed.error.issues[0]?.message ?? ''}`)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
