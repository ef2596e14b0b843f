import type { Application, Deployment, Gateway, ImprunEvent, ImprunFunction, LogEntry, Tool } from '@imprun/contracts'
import type { Change, Watcher } from '../database/watcher.ts'
import type { Log } from '../platform/log.ts'

type Owned<View> = Promise<({ ownerId: string } & View) | undefined>

/** Documents as the API shows them, read by id; each noun brings its own. Undefined: there is none any more. */
export interface EventViews {
  gateway(gatewayId: string): Owned<{ gateway: Gateway }>
  function(functionId: string): Owned<{ function: ImprunFunction }>
  deployment(deploymentId: string): Owned<{ deployment: Deployment }>
  application(applicationId: string): Owned<{ application: Application }>
  tool(toolId: string): Owned<{ tool: Tool }>
  log(gatewayId: string, document: Record<string, unknown>): LogEntry
}

/** Who hears an event. Undefined matches everyone. */
export interface Audience {
  ownerId: string | undefined
  gatewayId: string | undefined
}

export interface EventListener {
  /** Events of one key supersede each other: only the newest has to arrive. */
  onEvent(event: ImprunEvent, key: string, audience: Audience): void
  /** Changes may have been missed. */
  onGap(): void
}

export interface EventSource {
  listen(listener: EventListener): () => void
  /** Tells a document again that looks different although nobody has written it. */
  tellAgain(noun: Noun, id: string): void
  /** Tells what follows from no single document. */
  announce(event: ImprunEvent, key: string, audience: Audience): void
  readonly isHeard: boolean
  stop(): void
}

type Noun = Exclude<keyof EventViews, 'log'>
interface Known {
  ownerId: string
  gatewayId: string | undefined
}

/** Enough for every document that changes while somebody looks; what is forgotten only costs listeners a re-read. */
const knownMax = 20_000

/**
 * Turns changes of documents into events. A change only says which document to look at: it is read again as it is now, one read at a time for each
 * document, so what listeners see of it never goes backwards, and many changes at once become one event.
 */
export function createEventSource({ watcher, views, log }: { watcher: Watcher; views: EventViews; log: Log }): EventSource {
  const listeners = new Set<EventListener>()
  const reading = new Map<string, { isStale: boolean }>()
  const known = new Map<string, Known>()

  const tell = (event: ImprunEvent, key: string, audience: Audience) => {
    for (const listener of listeners) listener.onEvent(event, key, audience)
  }
  const tellGap = () => {
    for (const listener of listeners) listener.onGap()
  }
  const remember = (key: string, whose: Known) => {
    known.delete(key)
    known.set(key, whose)
    if (known.size > knownMax) known.delete(known.keys().next().value as string)
  }

  const readAgain = async (noun: Noun, id: string) => {
    const key = `${noun}/${id}`
    const running = reading.get(key)
    if (running) {
      running.isStale = true
      return
    }
    const mine = { isStale: true }
    reading.set(key, mine)
    try {
      while (mine.isStale && listeners.size > 0) {
        mine.isStale = false
        await readOnce(noun, id, key)
      }
    } catch (error) {
      log.warn({ error, noun, id }, 'A changed document could not be read for its listeners')
      tellGap()
    } finally {
      reading.delete(key)
    }
  }

  const readOnce = async (noun: Noun, id: string, key: string) => {
    const found = await views[noun](id)
    if (!found) return tellGone(noun, id, key)
    const { ownerId, ...view } = found
    const event = { type: noun, ...view } as ImprunEvent
    const gatewayId = gatewayOf(event)
    remember(key, { ownerId, gatewayId })
    tell(event, key, { ownerId, gatewayId })
  }

  /** Its owner can only be known from before. When it is not, everyone reads again: rarely, and never wrong. */
  const tellGone = (noun: Noun, id: string, key: string) => {
    const whose = known.get(key)
    known.delete(key)
    if (whose) tell(goneEvent(noun, id, whose.gatewayId), key, whose)
    else if (noun !== 'deployment') tellGap()
  }

  const tellAgain = (noun: Noun, id: string) => {
    if (listeners.size > 0) void readAgain(noun, id)
  }
  const onChange = (noun: Noun, idOf: (change: Change) => string | undefined) => (change: Change) => {
    const id = idOf(change)
    if (id !== undefined) tellAgain(noun, id)
  }
  const byField = (field: string) => (change: Change) => {
    const value = change.document?.[field]
    return typeof value === 'string' ? value : undefined
  }
  // A deleted gateway's own name is gone with its document, so it is kept by document id as long as it lives.
  const gatewayIds = new Map<string, string>()
  const gatewayIdOf = (change: Change) => {
    const gatewayId = byField('gatewayId')(change) ?? gatewayIds.get(change.id)
    if (change.operation === 'delete') gatewayIds.delete(change.id)
    else if (gatewayId) gatewayIds.set(change.id, gatewayId)
    if (!gatewayId) tellGap()
    return gatewayId
  }
  const onLog = ({ gatewayId, document, id }: Change) => {
    if (gatewayId && document && listeners.size > 0) tell({ type: 'log', log: views.log(gatewayId, document) }, `log/${id}`, { ownerId: undefined, gatewayId })
  }

  const ends = [
    watcher.on({ scope: 'sys', collection: 'apiGateways' }, onChange('gateway', gatewayIdOf)),
    watcher.on({ scope: 'sys', collection: 'environments' }, onChange('gateway', byField('gatewayId'))),
    watcher.on(
      { scope: 'sys', collection: 'functions' },
      onChange('function', ({ id }) => id),
    ),
    watcher.on(
      { scope: 'sys', collection: 'deployments' },
      onChange('deployment', ({ id }) => id),
    ),
    watcher.on(
      { scope: 'sys', collection: 'applications' },
      onChange('application', ({ id }) => id),
    ),
    watcher.on({ scope: 'sys', collection: 'applicationGrants' }, onChange('application', byField('applicationId'))),
    watcher.on(
      { scope: 'sys', collection: 'mcpTools' },
      onChange('tool', ({ id }) => id),
    ),
    watcher.on({ scope: 'gateway', collection: '__logs' }, onLog),
    watcher.onGap(tellGap),
  ]

  return {
    tellAgain,
    announce: tell,
    get isHeard() {
      return listeners.size > 0
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop() {
      for (const end of ends) end()
      listeners.clear()
    },
  }
}

function gatewayOf(event: ImprunEvent): string | undefined {
  if (event.type === 'gateway') return event.gateway.gatewayId
  if (event.type === 'function') return event.function.gatewayId
  if (event.type === 'deployment') return event.deployment.gatewayId
  if (event.type === 'tool') return event.tool.gatewayId
  return undefined
}

/** What has no word of its own for being gone makes its owner read again. */
function goneEvent(noun: Noun, id: string, gatewayId: string | undefined): ImprunEvent {
  if (gatewayId === undefined) return { type: 'hello' }
  if (noun === 'gateway') return { type: 'gatewayGone', gatewayId }
  if (noun === 'function') return { type: 'functionGone', gatewayId, functionId: id }
  if (noun === 'tool') return { type: 'toolGone', gatewayId, toolId: id }
  return { type: 'hello' }
}
