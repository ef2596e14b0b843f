import { isMiddlewareName, timeoutMsMax } from '@imprun/contracts'
import {
  answerKindMax,
  type BindMessage,
  type ConfigureMessage,
  entryTimeoutMs,
  type LoadMessage,
  type LogMessage,
  loadTimeoutMs,
  type RefusedMessage,
  toFront,
  toWorker,
} from '../../frames/frames.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Call, CallWorker, Load } from './call.ts'
import { yieldBeyondShare } from './cpu-share.ts'
import type { CallTaker } from './internal-call.ts'
import { Invocations } from './invocations.ts'
import { Slots } from './slots.ts'
import { readFailure, readLog, readRefusal } from './worker-messages.ts'
import type { WorkerProcess } from './worker-process.ts'
import { type WatchRules, type WorkerFault, WorkerWatch } from './worker-watch.ts'

/** What a bound worker tells its dispatcher. */
export interface BoundWorkerOwner {
  /** Takes the calls that functions make of each other. */
  readonly calls: CallTaker
  onCallEnded(functionIndex: number): void
  onBindRefused(refusal: RefusedMessage): void
  onLog(message: LogMessage): void
  readonly isForQuarantine: boolean
  /** Entries of this version had to be stopped again and again; the worker has let it go. */
  onExpelled(functionIndex: number, version: string): void
  /** The worker has let go of the call, which may run elsewhere. */
  onReturned(call: Call): void
  onLost(worker: BoundWorker): void
}

export interface HeartbeatRules extends WatchRules {
  busyEveryMs: number
  idleEveryMs: number
}

type InFlight = { kind: 'call'; call: Call } | { kind: 'load'; load: Load } | { kind: 'bind' } | { kind: 'configure'; onSettled: () => void }
type CallInFlight = Extract<InFlight, { kind: 'call' }>

/** One worker that serves one environment: its calls in flight, which functions it has, and whether it still answers. */
export class BoundWorker implements CallWorker {
  readonly process: WorkerProcess
  /** What its functions may use together; fixed for its life. */
  readonly memoryMb: number
  /** Its share of the processor; fixed as well, because what was given up is not given back. */
  readonly cpuMillicores: number | undefined
  readonly #watch: WorkerWatch
  readonly #environment: Environment
  readonly #owner: BoundWorkerOwner
  readonly #inFlight = new Slots<InFlight>()
  /** By function index: the newest revision of it that was sent. */
  readonly #sentRevisions: (number | undefined)[] = []
  readonly #invocations: Invocations
  /** By function index: how many calls of it run. */
  readonly #running: number[] = []
  #callCount = 0
  /** Promises of `imp.waitUntil` that have not settled. */
  #backgroundCount = 0
  #heardAtMs = performance.now()
  #pingedAtMs = 0

  constructor(process: WorkerProcess, environment: Environment, configuration: ConfigureMessage, owner: BoundWorkerOwner) {
    this.process = process
    this.memoryMb = environment.memoryMb
    this.cpuMillicores = environment.cpuMillicores
    this.#watch = new WorkerWatch(process.pid, this)
    if (this.cpuMillicores !== undefined) yieldBeyondShare(process.pid, this.cpuMillicores)
    this.#environment = environment
    this.#owner = owner
    this.#invocations = new Invocations(environment, owner.calls, process)
    process.onFrame = (id, kind, buffer, metaAt, bodyAt, end) => this.#onFrame(id, kind, buffer, metaAt, bodyAt, end)
    process.onLost = () => owner.onLost(this)
    const bind: BindMessage = {
      gatewayId: environment.gatewayId,
      environment: environment.name,
      dataUri: environment.assignment.dataUri,
      dataDatabase: environment.assignment.dataDatabase,
      memoryMb: this.memoryMb,
      isForQuarantine: owner.isForQuarantine,
      configuration,
    }
    process.send(this.#inFlight.add({ kind: 'bind' }), toWorker.bind, '', JSON.stringify(bind), 'utf8')
  }

  get callCount(): number {
    return this.#callCount
  }
  runningOf(index: number): number {
    return this.#running[index] ?? 0
  }
  get isBusy(): boolean {
    return this.#inFlight.size + this.#backgroundCount > 0
  }
  /** Whether what serves was sent here, or something newer. A worker apart from the others is not told of each new version. */
  has({ index, revision, source }: FunctionEntry): boolean {
    const sent = this.#sentRevisions[index]
    return sent !== undefined && (sent >= revision || (source !== undefined && sent >= source.revision))
  }

  sendLoad(load: Load): void {
    const { entry, source } = load
    const { timeoutMs = timeoutMsMax, memoryMb, responseBytesMax } = entry.limits
    this.#sentRevisions[entry.index] = source.revision
    load.sentCount += 1
    const message: LoadMessage = {
      index: entry.index,
      name: entry.name,
      timeoutMs,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      ...(responseBytesMax === undefined ? {} : { responseBytesMax }),
      ...source,
      isMiddleware: this.#isMiddleware(entry.index),
      isServing: load.isServing ?? false,
    }
    this.process.send(this.#inFlight.add({ kind: 'load', load }), toWorker.load, '', JSON.stringify(message), 'utf8')
  }
  /** Settles when the worker has said that it goes by it, or is lost. */
  configure(configuration: ConfigureMessage): Promise<void> {
    return new Promise((resolve) => {
      const id = this.#inFlight.add({ kind: 'configure', onSettled: resolve })
      this.process.send(id, toWorker.configure, '', JSON.stringify(configuration), 'utf8')
    })
  }
  /** By what the index stands for: a run of unsaved code has the name of its function, and takes no place of it. */
  #isMiddleware(index: number): boolean {
    return isMiddlewareName(this.#environment.nameOf(index) ?? '')
  }
  sendUnload(index: number): void {
    this.#sentRevisions[index] = undefined
    this.process.send(0, toWorker.unload, '', JSON.stringify({ index }), 'utf8')
  }
  sendCall(call: Call): void {
    const { index } = call.entry
    call.worker = this
    call.id = this.#inFlight.add({ kind: 'call', call })
    call.sentCount += 1
    this.#callCount += 1
    this.#running[index] = this.runningOf(index) + 1
    this.process.send(call.id, index, call.meta, call.body, 'latin1')
  }
  abort(call: Call): void {
    this.process.send(call.id, toWorker.abort, '', '', 'latin1')
    this.#endCall(call.id, call)
  }
  hold(call: Call, isHeld: boolean): void {
    this.process.send(call.id, isHeld ? toWorker.pause : toWorker.resume, '', '', 'latin1')
  }
  drain(): void {
    this.process.send(0, toWorker.drain, '', '', 'latin1')
  }

  /** Everything that was in flight, for whoever takes over from a lost worker. */
  takeInFlight(): { calls: Call[]; loads: Load[] } {
    this.#invocations.close()
    const items = this.#inFlight.entries().map(({ item }) => item)
    for (const item of items) if (item.kind === 'configure') item.onSettled()
    return {
      calls: items.flatMap((item) => (item.kind === 'call' ? [item.call] : [])),
      loads: items.flatMap((item) => (item.kind === 'load' ? [item.load] : [])),
    }
  }
  calls(): Call[] {
    return this.#inFlight.entries().flatMap(({ item }) => (item.kind === 'call' ? [item.call] : []))
  }

  get rssBytes(): number {
    return this.#watch.rssBytes
  }
  /** Pings when it is time, and looks at the process. @returns why the worker must go, if it must */
  findFault(nowMs: number, rules: HeartbeatRules): WorkerFault | undefined {
    const silentMs = this.#beat(nowMs, this.isBusy ? rules.busyEveryMs : rules.idleEveryMs)
    // A top level that is being loaded may hold the worker's loop for longer than a call may.
    const allowedMs = silentMs > 0 && this.#isLoading() ? loadTimeoutMs - entryTimeoutMs : 0
    return this.#watch.judge(nowMs, Math.max(0, silentMs - allowedMs), this.isBusy, rules)
  }
  #isLoading(): boolean {
    return this.#inFlight.entries().some(({ item }) => item.kind === 'load')
  }
  /** @returns how long the worker has left a ping unanswered while saying nothing else, in milliseconds */
  #beat(nowMs: number, everyMs: number): number {
    if (this.#pingedAtMs === 0) {
      if (nowMs - this.#heardAtMs < everyMs) return 0
      this.#pingedAtMs = nowMs
      this.process.send(0, toWorker.ping, '', '', 'latin1')
      return 0
    }
    return nowMs - Math.max(this.#pingedAtMs, this.#heardAtMs)
  }

  #endCall(id: number, { entry: { index } }: Call): void {
    this.#inFlight.remove(id)
    this.#callCount -= 1
    this.#running[index] = this.runningOf(index) - 1
    this.#owner.onCallEnded(index)
  }

  #onFrame(id: number, kind: number, buffer: Buffer, metaAt: number, bodyAt: number, end: number): void {
    this.#heardAtMs = performance.now()
    if (kind === toFront.pong) {
      this.#pingedAtMs = 0
      return
    }
    if (kind === toFront.log) {
      const message = readLog(buffer, bodyAt, end)
      if (message !== undefined) this.#owner.onLog(message)
      return
    }
    if (kind === toFront.background) {
      this.#backgroundCount = id
      return
    }
    if (kind === toFront.expelled) return this.#owner.onExpelled(id, buffer.toString('utf8', bodyAt, end))
    const inFlight = this.#inFlight.get(id)
    if (kind === toFront.invoke) return this.#invocations.start(inFlight?.kind === 'call' ? inFlight.call : undefined, buffer, metaAt, bodyAt, end)
    if (inFlight === undefined) return
    if (inFlight.kind === 'call') this.#onCallFrame(inFlight, id, kind, buffer, metaAt, bodyAt, end)
    else if (kind === toFront.done || kind === toFront.refused) {
      this.#inFlight.remove(id)
      const refusal = kind === toFront.done ? undefined : readRefusal(buffer, bodyAt, end)
      if (inFlight.kind === 'configure') inFlight.onSettled()
      else if (inFlight.kind === 'load') inFlight.load.onSettled(refusal === undefined ? { outcome: 'loaded' } : { outcome: 'refused', refusal })
      else if (refusal !== undefined) this.#owner.onBindRefused(refusal)
    }
  }

  #onCallFrame({ call }: CallInFlight, id: number, kind: number, buffer: Buffer, metaAt: number, bodyAt: number, end: number): void {
    if (kind <= answerKindMax) {
      // The kind is the length of the head; two line breaks part it from the text.
      const textAt = bodyAt + kind + 2
      this.#endCall(id, call)
      if (textAt > end) call.onFailed('FUNCTION_ANSWER_INVALID')
      else call.onWhole(buffer.toString('latin1', bodyAt, bodyAt + kind), buffer, textAt, end)
      return
    }
    switch (kind) {
      case toFront.crossed:
        call.hasCrossed = true
        return
      case toFront.answerBytes:
        this.#endCall(id, call)
        call.onWhole(buffer.toString('latin1', metaAt, bodyAt), buffer, bodyAt, end)
        return
      case toFront.answerStart:
        call.hasCrossed = true
        call.onStart(buffer.toString('latin1', metaAt, bodyAt), buffer, bodyAt, end)
        return
      case toFront.answerChunk:
        call.onChunk(buffer, bodyAt, end)
        return
      case toFront.answerEnd:
        this.#endCall(id, call)
        call.onEnd()
        return
      case toFront.failed:
        this.#endCall(id, call)
        call.onFailed(readFailure(buffer, bodyAt, end))
        return
      case toFront.returned:
        call.worker = undefined
        this.#endCall(id, call)
        this.#owner.onReturned(call)
        return
    }
  }
}
