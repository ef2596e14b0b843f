import type { ImprunError, LogEntry, LogFilter, LogTailEvent } from '@imprun/contracts'
import type { ApiTarget } from '../api/api-client.ts'
import { EventStream } from '../api/event-stream.ts'
import type { Disposable } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'

export interface FollowPorts {
  where(): Promise<ApiTarget>
  onLines(entries: readonly LogEntry[]): void
  /** Lines may have been missed. */
  onGap(): void
  onState(state: 'following' | 'lost', error?: ImprunError): void
  log: Log
  fetch?: typeof fetch
}

/** Lines that wait while the view is paused; the oldest of more are dropped, and counted. */
const heldMax = 5_000

/** Follows what functions of one gateway log, through lost connections. While paused, lines wait. Knows nothing of VS Code. */
export class LogFollower implements Disposable {
  readonly #ports: FollowPorts
  readonly #stream: EventStream<LogTailEvent>
  #held: LogEntry[] | undefined
  #droppedCount = 0

  constructor(gatewayId: string, filter: LogFilter, ports: FollowPorts) {
    this.#ports = ports
    const query = new URLSearchParams(Object.entries(filter).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''))
    const source = async () => {
      const [{ logTailEventSchema }, { routePath }] = await Promise.all([import('@imprun/contracts/log'), import('@imprun/contracts/routes/routes')])
      return { path: `${routePath('listGatewayLogs', { gatewayId })}?${query}`, schema: logTailEventSchema }
    }
    this.#stream = new EventStream<LogTailEvent>(source, {
      target: () => ports.where(),
      onEvent: (event) => this.#accept(event),
      onConnected: () => ports.onState('following'),
      onLost: (error) => ports.onState('lost', error),
      log: ports.log,
      ...(ports.fetch ? { fetch: ports.fetch } : {}),
    })
    this.#stream.start()
  }

  get isPaused(): boolean {
    return this.#held !== undefined
  }
  get heldCount(): number {
    return (this.#held?.length ?? 0) + this.#droppedCount
  }
  pause(): void {
    this.#held ??= []
  }
  resume(): void {
    const held = this.#held ?? []
    const isMissing = this.#droppedCount > 0
    this.#held = undefined
    this.#droppedCount = 0
    if (isMissing) this.#ports.onGap()
    if (held.length > 0) this.#ports.onLines(held)
  }
  dispose(): void {
    this.#stream.dispose()
  }

  #accept(event: LogTailEvent): void {
    if (event.type === 'gap') this.#ports.onGap()
    if (event.type !== 'log') return
    if (!this.#held) return this.#ports.onLines([event.log])
    this.#held.push(event.log)
    if (this.#held.length <= heldMax) return
    this.#held.shift()
    this.#droppedCount += 1
  }
}
