import type { LogEntry, LogTailEvent } from '@imprun/contracts'
import type { Response } from 'express'
import type { Database } from '../database/database.ts'
import type { Change, Watcher } from '../database/watcher.ts'
import type { Log } from '../platform/log.ts'
import { type LogDocument, toLogEntry } from './log-entry.ts'
import { readHistory } from './log-history.ts'

/** Proxies and browsers give up silent connections; this is well below the usual minute. It also carries the place on, past lines that nobody wants. */
const aliveEveryMs = 15_000
/** How soon a client that lost the connection may come back. */
const clientRetryMs = 1_000
/** What waits for a reader; one that is slower is given the rest from the server's history, when it reads again. */
const waitingCharactersMax = 512 * 1024
const retryAfterMs = 200

export interface TailPorts {
  database: Database
  watcher: Watcher
  log: Log
  /** One of few places to read history in; resolves with what gives it back. */
  takeTurn(signal: AbortSignal): Promise<() => void>
}
export interface TailWish {
  gatewayId: string
  isWanted(entry: LogEntry): boolean
  /** The place after which to begin: that of the last event that the reader has seen. Undefined: now. */
  after: string | undefined
  /** Stored lines to send first. */
  stored: readonly LogEntry[]
}

/**
 * One reader's live tail. Lines come from the backend's one change stream, in the order of the database. Whoever falls behind, because it was away or reads
 * slowly, has nothing kept for it but its place: it catches up from the server's history and then joins the others, so no line is lost or sent twice.
 */
export class LogTail {
  readonly #ports: TailPorts
  readonly #wish: TailWish
  readonly #res: Response
  readonly #ending = new AbortController()
  readonly #storedIds: ReadonlySet<string>
  /** Everything up to here has been sent, waits to be sent, or is not wanted. */
  #place: string
  #isBehind = true
  #isBlocked = false
  #waiting: string[] = []
  #waitingCharacters = 0
  #catchingUp: Promise<void> | undefined

  constructor(ports: TailPorts, wish: TailWish, res: Response) {
    this.#ports = ports
    this.#wish = wish
    this.#res = res
    this.#storedIds = new Set(wish.stored.map(({ logId }) => logId))
    this.#place = wish.after ?? ports.watcher.place() ?? ''
  }

  /** Settles when the connection has ended, from whichever side. */
  async serve(): Promise<void> {
    const { watcher } = this.#ports
    const res = this.#res
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
    res.write(`retry: ${clientRetryMs}\n\n`)
    res.on('drain', () => this.#flush())
    const closed = new Promise<void>((resolve) => res.once('close', resolve))
    const ends = [
      watcher.on({ scope: 'gateway', collection: '__logs' }, (change) => this.#onChange(change)),
      // Changes may have been missed, and are looked for where they were stored.
      watcher.onGap(() => this.#fallBehind()),
    ]
    const heartbeat = setInterval(() => this.#beat(), aliveEveryMs)
    for (const log of this.#wish.stored) this.#send({ type: 'log', log })
    this.#catchUp()
    await closed
    clearInterval(heartbeat)
    for (const end of ends) end()
    this.#ending.abort()
    this.#waiting = []
    await this.#catchingUp
  }
  end(): void {
    this.#res.end()
  }

  #onChange({ gatewayId, document, place }: Change): void {
    if (this.#isBehind || gatewayId !== this.#wish.gatewayId || document === undefined) return
    if (this.#waitingCharacters > waitingCharactersMax) return this.#fallBehind()
    this.#take(document as unknown as LogDocument, place)
  }
  #take(document: LogDocument, place: string): void {
    if (place <= this.#place) return
    this.#place = place
    const entry = toLogEntry(this.#wish.gatewayId, document)
    if (this.#wish.isWanted(entry) && !this.#storedIds.has(entry.logId)) this.#send({ type: 'log', log: entry }, place)
  }

  #fallBehind(): void {
    this.#isBehind = true
    if (!this.#isBlocked) this.#catchUp()
  }
  #catchUp(): void {
    this.#catchingUp ??= this.#untilLevel().finally(() => {
      this.#catchingUp = undefined
    })
  }
  async #untilLevel(): Promise<void> {
    const { signal } = this.#ending
    while (this.#isBehind && !this.#isBlocked && !signal.aborted) {
      if (this.#joins()) return
      const giveBack = await this.#ports.takeTurn(signal).catch(() => undefined)
      if (giveBack === undefined) return
      try {
        await this.#readHistory(signal)
      } catch (error) {
        if (!signal.aborted) await this.#onHistoryFailed(error)
      } finally {
        giveBack()
      }
    }
  }
  async #readHistory(signal: AbortSignal): Promise<void> {
    for await (const { logs, upTo } of readHistory(this.#ports.database, this.#wish.gatewayId, this.#place, signal)) {
      for (const { document, place } of logs) this.#take(document, place)
      if (upTo > this.#place) this.#place = upTo
      if (this.#isBlocked || this.#joins()) return
    }
  }
  /** The others have not been told more than this one: from here on it hears with them. */
  #joins(): boolean {
    const { watcher } = this.#ports
    const told = watcher.place()
    if (this.#place === '' && told !== undefined) this.#place = told
    if (told === undefined || told > this.#place) return false
    this.#isBehind = false
    this.#send({ type: 'hello' }, this.#place)
    return true
  }
  async #onHistoryFailed(error: unknown): Promise<void> {
    const told = this.#ports.watcher.place()
    const isLost = isHistoryLost(error) || this.#place === ''
    if (!isLost || told === undefined) {
      this.#ports.log.debug({ error, gatewayId: this.#wish.gatewayId }, 'A log tail could not read what it missed and tries again')
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs))
      return
    }
    this.#place = told
    this.#send({ type: 'gap' }, told)
  }

  #beat(): void {
    if (!this.#isBlocked && !this.#isBehind) this.#send({ type: 'alive' }, this.#ports.watcher.place() ?? this.#place)
  }
  #send(event: LogTailEvent, place?: string): void {
    const text = `${place === undefined || place === '' ? '' : `id: ${place}\n`}data: ${JSON.stringify(event)}\n\n`
    if (!this.#isBlocked) {
      this.#isBlocked = !this.#res.write(text)
      return
    }
    this.#waiting.push(text)
    this.#waitingCharacters += text.length
  }
  #flush(): void {
    this.#isBlocked = false
    if (this.#waiting.length > 0) {
      const text = this.#waiting.join('')
      this.#waiting = []
      this.#waitingCharacters = 0
      this.#isBlocked = !this.#res.write(text)
    }
    if (this.#isBehind && !this.#isBlocked) this.#catchUp()
  }
}

/** ChangeStreamHistoryLost, and a place that this server never had (another data folder, a text that somebody made up). */
const lostCodes = [286, 280, 222, 260, 9]
const isHistoryLost = (error: unknown) => lostCodes.includes(Number((error as { code?: unknown } | undefined)?.code))
