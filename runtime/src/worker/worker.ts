import { isMiddlewareName } from '@imprun/contracts/middleware'
import { type BindMessage, type ConfigureMessage, callKindMax, type LoadMessage, toWorker } from '../frames/frames.ts'
import { Background } from './background/background.ts'
import { CallTable } from './call-table.ts'
import { Configuration } from './configuration.ts'
import { createDataAccess, type DataAccess } from './data/data-access.ts'
import { createEgressAccess, type EgressAccess } from './egress/egress-access.ts'
import { FetchSession } from './egress/fetch-session.ts'
import type { Network } from './egress/network.ts'
import { FunctionVersion } from './function-version.ts'
import { Invocations } from './invoke/invocations.ts'
import { ChainRun, statusAbandoned } from './middleware/chain-run.ts'
import { MiddlewareTable } from './middleware/middleware-table.ts'
import type { Output } from './output.ts'
import { PacedEntries } from './paced-entries.ts'
import { readBody, toRefusal } from './request-body.ts'
import { ContextPool } from './sandbox/context-pool.ts'
import type { Engine } from './sandbox/engine.ts'
import { type FunctionMemory, ownMemory, sharedMemory } from './sandbox/function-memory.ts'

/** Memory of the isolate that a spare makes before it knows its environment: the default of an environment's limits. */
export const spareMemoryMb = 256
const drainCheckEveryMs = 20

/** What the process does on the worker's behalf. */
export interface WorkerProcess {
  onBound(message: BindMessage): void
  /** Nothing runs any more after `drain`. */
  onDrained(): void
}

/**
 * A generic worker until `bind` tells its environment, then that environment's for good. What comes in is the front's own: it started this process and
 * nobody else talks to it, so messages are not validated again.
 */
export class Worker {
  readonly #output: Output
  readonly #process: WorkerProcess
  readonly #calls = new CallTable<FunctionVersion>()
  readonly #engine: Engine
  readonly #contexts: ContextPool
  readonly #sharedMemory: FunctionMemory
  readonly #configuration = new Configuration()
  readonly #functions: (FunctionVersion | undefined)[] = []
  /** Those that serve, and those that still finish calls. */
  readonly #versions = new Set<FunctionVersion>()
  readonly #middleware = new MiddlewareTable()
  readonly #invocations: Invocations
  readonly #background: Background
  readonly #paced: PacedEntries
  readonly #network: Network
  #bound: { message: BindMessage; data: DataAccess; egress: EgressAccess } | undefined

  constructor(engine: Engine, output: Output, network: Network, process: WorkerProcess) {
    this.#output = output
    this.#invocations = new Invocations(output)
    this.#background = new Background((count) => output.background(count))
    this.#paced = new PacedEntries(() => output.flush())
    this.#network = network
    this.#process = process
    this.#engine = engine
    this.#contexts = new ContextPool(engine, spareMemoryMb, () => this.#onNoRoom())
    this.#sharedMemory = sharedMemory(this.#contexts)
  }

  /** One whole frame of the front. Its bytes are not kept. */
  onFrame(id: number, kind: number, buffer: Buffer, metaAt: number, bodyAt: number, end: number): void {
    if (kind === toWorker.invoked) return this.#invocations.onAnswered(id, buffer.toString('latin1', metaAt, bodyAt), buffer, bodyAt, end)
    if (kind === toWorker.invokeFailed) return this.#invocations.onFailed(id, buffer.toString('utf8', bodyAt, end))
    if (kind > callKindMax) return this.#onMessage(id, kind, () => JSON.parse(buffer.toString('utf8', bodyAt, end)))
    const version = this.#functions[kind]
    if (version === undefined) return this.#output.failed(id, { code: 'FUNCTION_FAILED', message: 'The function is not loaded.' })
    const meta = buffer.toString('latin1', metaAt, bodyAt)
    const body = readBody(buffer, bodyAt, end, meta)
    if (typeof body !== 'string') return this.#output.answer(id, toRefusal(body, meta))
    if (version.middleware.length === 0) version.call(id, meta, body)
    else if (version.hasToLeave || version.middleware.some((each) => each?.hasToLeave)) this.#output.returned(id)
    else new ChainRun({ frontId: id, meta, body, versions: [...version.middleware, version] }, this.#output).begin()
  }
  #onMessage(id: number, kind: number, body: () => unknown): void {
    if (kind === toWorker.ping) this.#output.pong(id)
    else if (kind === toWorker.bind) this.#bind(id, body() as BindMessage)
    else if (kind === toWorker.load) this.#load(id, body() as LoadMessage)
    else if (kind === toWorker.unload) this.#replace((body() as { index: number }).index, undefined)
    else if (kind === toWorker.abort) this.#abort(id)
    else if (kind === toWorker.pause) this.#pause(id)
    else if (kind === toWorker.resume) this.#resume(id)
    else if (kind === toWorker.drain) this.#drain()
    else if (kind === toWorker.configure) this.#configure(id, body() as ConfigureMessage)
  }

  #bind(id: number, message: BindMessage): void {
    const egress = createEgressAccess(message.dataUri, this.#network, message.configuration.egress)
    this.#bound = { message, data: createDataAccess(message.dataUri, message.dataDatabase, () => this.#configuration.isDatabaseFull), egress }
    this.#configuration.apply(message.configuration)
    this.#contexts.setMemory(message.memoryMb)
    this.#process.onBound(message)
    this.#output.done(id)
  }
  #configure(id: number, message: ConfigureMessage): void {
    this.#configuration.apply(message)
    this.#bound?.egress.setLists(message.egress)
    this.#output.done(id)
  }
  #load(id: number, message: LoadMessage): void {
    if (this.#bound === undefined) return this.#output.refused(id, { code: 'INTERNAL', message: 'The worker is bound to no environment.' })
    const { egress } = this.#bound
    const { gatewayId, environment } = this.#bound.message
    const version = new FunctionVersion(message, {
      memory: this.#memoryOf(message),
      calls: this.#calls,
      output: this.#output,
      openData: this.#bound.data.openSession,
      openFetches: (owner) => new FetchSession(egress, owner),
      configuration: this.#configuration,
      invocations: this.#invocations,
      background: this.#background,
      facts: { gatewayId, environment, functionName: message.name, version: message.version, isMiddleware: isMiddlewareName(message.name) },
      onOutOfMemory: (lost) => this.#onOutOfMemory(lost),
      onRetired: (retired) => this.#versions.delete(retired),
      paced: this.#paced,
      mustLeave: (stopped) => this.#mustLeave(stopped),
    })
    const refusal = version.load()
    if (refusal === undefined) {
      this.#replace(message.index, version)
      this.#output.done(id)
    } else {
      if (message.isServing && message.isMiddleware) this.#guard(() => this.#middleware.set(message.name, message.index, undefined))
      this.#output.refused(id, refusal)
    }
  }
  #replace(index: number, version: FunctionVersion | undefined): void {
    this.#functions[index]?.retire()
    this.#functions[index] = version
    if (version !== undefined) this.#versions.add(version)
    if (version === undefined) this.#guard(() => this.#middleware.remove(index))
    else if (version.message.isMiddleware) this.#guard(() => this.#middleware.set(version.message.name, index, version))
    else version.middleware = this.#middleware.before(version.message.name)
  }
  /** Changes the middleware, and what stands before each function with it. */
  #guard(change: () => void): void {
    change()
    for (const version of this.#functions) if (version !== undefined) version.middleware = this.#middleware.before(version.message.name)
  }
  /** The contexts of the lost isolate are gone; each function is loaded again when it is called next. */
  #onOutOfMemory(lost: FunctionVersion): void {
    if (lost.sharesMemory) this.#onSharedMemoryLost()
    else lost.dispose(lost.exhausted)
  }
  /** The contexts of all functions together leave no room for one more. No call is to blame, so the function that came last tells their author. */
  #onNoRoom(): void {
    const last = [...this.#versions].findLast((version) => version.sharesMemory)
    last?.log('error', this.#sharedMemory.exhausted, undefined)
    this.#onSharedMemoryLost()
  }
  #onSharedMemoryLost(): void {
    for (const version of this.#versions) if (version.sharesMemory) version.dispose('Another function of this environment used up the memory.')
  }
  #mustLeave(stopped: FunctionVersion): boolean {
    if (this.#bound?.message.isForQuarantine === true) return false
    const { index, version } = stopped.message
    // One that has been replaced is no concern of the front: what it gives back is run by the version that took over.
    if (this.#functions[index] === stopped) this.#output.expelled(index, version)
    return true
  }
  /** A function that asks for memory of its own gets it, up to what the environment may have. */
  #memoryOf({ memoryMb }: LoadMessage): FunctionMemory {
    return memoryMb === undefined ? this.#sharedMemory : ownMemory(this.#engine, Math.min(memoryMb, this.#bound?.message.memoryMb ?? spareMemoryMb))
  }

  #abort(id: number): void {
    for (const call of this.#calls.allByFrontId(id)) {
      const { number, owner, isPaused, link, startedAtMs } = call
      this.#calls.close(call)
      // Lets a function that waits in `res.write` go on to its end; what it still writes goes nowhere.
      if (isPaused) owner?.drained(number)
      owner?.abort(number, startedAtMs)
      link?.onAnswered(statusAbandoned)
    }
  }
  #pause(id: number): void {
    const call = this.#calls.findByFrontId(id)
    if (call !== undefined) call.isPaused = true
  }
  #resume(id: number): void {
    const call = this.#calls.findByFrontId(id)
    if (call === undefined) return
    const { number, owner, held } = call
    call.isPaused = false
    call.held = []
    call.heldBytes = 0
    for (const chunk of held) this.#output.answerChunk(id, chunk)
    owner?.drained(number)
  }
  #drain(): void {
    if (this.#calls.openCount + this.#background.count > 0) setTimeout(() => this.#drain(), drainCheckEveryMs)
    else this.#process.onDrained()
  }
}
