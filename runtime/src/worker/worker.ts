import { type BindMessage, callKindMax, type LoadMessage, toWorker } from '../frames/frames.ts'
import { CallTable } from './call-table.ts'
import { createDataAccess, type DataAccess } from './data/data-access.ts'
import { FunctionVersion } from './function-version.ts'
import type { Output } from './output.ts'
import { readBody } from './request-body.ts'
import { ContextPool } from './sandbox/context-pool.ts'
import type { Engine } from './sandbox/engine.ts'

/** Memory of the isolate that a spare makes before it knows its environment: the default of an environment's limits. */
const spareMemoryMb = 256
const drainCheckEveryMs = 20

export interface Worker {
  /** One whole frame of the front. Its bytes are not kept. */
  onFrame(id: number, kind: number, buffer: Buffer, metaAt: number, bodyAt: number, end: number): void
  stop(): void
}

/**
 * A generic worker until `bind` tells its environment, then that environment's for good. What comes in is the front's own: it is started by it and talks
 * with nobody else, so messages are not validated again.
 *
 * @param onDrained nothing runs any more after `drain`
 */
export function createWorker(engine: Engine, output: Output, onDrained: () => void): Worker {
  const calls = new CallTable<FunctionVersion>()
  const contexts = new ContextPool(engine, spareMemoryMb)
  const functions: (FunctionVersion | undefined)[] = []
  let bound: BindMessage | undefined
  let data: DataAccess | undefined

  const bind = (id: number, message: BindMessage): void => {
    bound = message
    contexts.setMemory(message.memoryMb)
    data = createDataAccess(message.dataUri, message.dataDatabase)
    output.done(id)
  }
  const load = (id: number, message: LoadMessage): void => {
    if (bound === undefined || data === undefined) return output.refused(id, { code: 'INTERNAL', message: 'The worker is bound to no environment.' })
    const { gatewayId, environment } = bound
    const version = new FunctionVersion(message, {
      takeContext: () => contexts.take(),
      calls,
      output,
      openData: data.openSession,
      facts: { gatewayId, environment, functionName: message.name, version: message.version },
      onOutOfMemory,
    })
    const refusal = version.load()
    if (refusal !== undefined) return output.refused(id, refusal)
    functions[message.index]?.retire()
    functions[message.index] = version
    output.done(id)
  }
  // The contexts of the lost isolate are gone; each function is loaded again when it is called next.
  const onOutOfMemory = (): void => {
    for (const version of functions) version?.dispose('Another function of this environment used up the memory.')
  }
  const abort = (id: number): void => {
    const call = calls.findByFrontId(id)
    if (call !== undefined) calls.close(call)
  }
  const pause = (id: number): void => {
    const call = calls.findByFrontId(id)
    if (call !== undefined) call.isPaused = true
  }
  const resume = (id: number): void => {
    const call = calls.findByFrontId(id)
    if (call === undefined) return
    const { number, owner, held } = call
    call.isPaused = false
    call.held = []
    call.heldBytes = 0
    for (const chunk of held) output.answerChunk(id, chunk)
    owner?.drained(number)
  }
  const drain = (): void => {
    if (calls.openCount > 0) setTimeout(drain, drainCheckEveryMs)
    else onDrained()
  }

  return {
    onFrame(id, kind, buffer, metaAt, bodyAt, end) {
      if (kind <= callKindMax) {
        const version = functions[kind]
        const meta = buffer.toString('latin1', metaAt, bodyAt)
        if (version === undefined) output.failed(id, { code: 'FUNCTION_FAILED', message: 'The function is not loaded.' })
        else version.call(id, meta, readBody(buffer, bodyAt, end, meta))
        return
      }
      const json = (): unknown => JSON.parse(buffer.toString('utf8', bodyAt, end))
      if (kind === toWorker.ping) output.pong(id)
      else if (kind === toWorker.bind) bind(id, json() as BindMessage)
      else if (kind === toWorker.load) load(id, json() as LoadMessage)
      else if (kind === toWorker.unload) {
        const { index } = json() as { index: number }
        functions[index]?.retire()
        functions[index] = undefined
      } else if (kind === toWorker.abort) abort(id)
      else if (kind === toWorker.pause) pause(id)
      else if (kind === toWorker.resume) resume(id)
      else if (kind === toWorker.drain) drain()
    },
    stop: () => contexts.dispose(),
  }
}
