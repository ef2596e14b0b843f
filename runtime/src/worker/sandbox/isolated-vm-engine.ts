import ivm from 'isolated-vm'
import { guestScriptName, loadCaughtName, startName, stringPayloadBytesMax } from '../../sandbox/bridge.ts'
import { noMark, type RunningMark } from '../running-mark.ts'
import {
  CodeSyntaxError,
  type Engine,
  EntryError,
  type HostFunction,
  type Resumption,
  type SandboxContext,
  type SandboxIsolate,
  type SandboxScript,
} from './engine.ts'
import { snapshotWarmUp } from './snapshot-warm-up.ts'
import { trustOwnSnapshot } from './v8-flags.ts'

/**
 * Entering by `applySync` on the process's one thread costs 2-3 us where the library's thread pool costs 50 and twice the CPU (measured), so a call that
 * never waits finishes in its first entry. The price: code that loops holds the worker until its entry times out, and what no timeout stops (some
 * built-ins of V8) is ended by the front, which kills a silent worker.
 */

// The author's code is a module, so it is strict anyway. Errors of its top level are caught inside: reading a foreign error from outside would run its
// getters without a timeout.
const loadPrefix = '"use strict";try{'
const loadSuffix = `\n}catch(error){globalThis.${loadCaughtName}={error}}undefined`

/**
 * To be called once in a process: see `trustOwnSnapshot`.
 * @param guestCode the bundled guest. One snapshot of it is made here and shared by every isolate.
 * @param mark is told which function is inside
 */
export function createIsolatedVmEngine(guestCode: string, mark: RunningMark = noMark): Engine {
  const snapshot = ivm.Isolate.createSnapshot([{ code: guestCode, filename: guestScriptName }], snapshotWarmUp)
  trustOwnSnapshot()
  return { createIsolate: (memoryMb) => createIsolate(new ivm.Isolate({ memoryLimit: memoryMb, snapshot }), memoryMb, mark) }
}

function createIsolate(isolate: ivm.Isolate, memoryMb: number, mark: RunningMark): SandboxIsolate {
  return {
    memoryMb,
    get isDisposed() {
      return isolate.isDisposed
    },
    createContext: () => createContext(isolate, memoryMb, mark),
    dispose: () => {
      if (!isolate.isDisposed) isolate.dispose()
    },
  }
}

type Entry = ivm.Reference<(...values: ivm.Transferable[]) => string | number | undefined>

function createContext(isolate: ivm.Isolate, memoryMb: number, mark: RunningMark): SandboxContext {
  const context = isolate.createContextSync()
  const sandbox = {
    host: (() => undefined) as HostFunction,
    functionIndex: -1,
    get isLost() {
      return isolate.isDisposed
    },
  }
  const callback = new ivm.Callback((code: unknown, ...values: unknown[]) => (typeof code === 'number' ? sandbox.host(code, ...values) : undefined), {
    sync: true,
  })
  // The start function takes away what could outgrow the memory limit (WebAssembly, shared and resizable buffers). It runs here and not in the snapshot,
  // because V8 puts those globals back whenever it makes a context.
  const start = context.global.getSync(startName, { reference: true })
  const entries = start.applySync(undefined, [callback], { result: { reference: true } }) as ivm.Reference<Record<string, unknown>>
  const entryNamed = (name: string): Entry => entries.getSync(name, { reference: true }) as unknown as Entry
  const runEntry = entryNamed('run')
  const resumeEntry = entryNamed('resume')
  const controlEntry = entryNamed('control')
  start.release()
  entries.release()

  const enter = (entry: Entry, values: ivm.Transferable[], timeoutMs: number): string | number | undefined => {
    const outer = mark.enter(sandbox.functionIndex)
    try {
      return entry.applySync(undefined, values, { timeout: inStep(timeoutMs) }) as string | number | undefined
    } catch (error) {
      throw toEntryError(error, isolate, memoryMb)
    } finally {
      mark.leave(outer)
    }
  }
  const within = <T>(work: () => T): T => {
    const outer = mark.enter(sandbox.functionIndex)
    try {
      return work()
    } finally {
      mark.leave(outer)
    }
  }
  return Object.assign(sandbox, {
    compile(code: string, scriptName: string) {
      const script = within(() => compile(isolate, memoryMb, context, code, scriptName))
      return { run: (timeoutMs: number) => within(() => script.run(timeoutMs)) }
    },
    run(call: number, meta: string, body: string, timeoutMs: number, carry?: string) {
      const answer = enter(runEntry, carry === undefined ? [call, meta, body] : [call, meta, body, carry], timeoutMs)
      return typeof answer === 'string' ? answer : undefined
    },
    resume(code: number, number: number, payload: string | Uint8Array, timeoutMs: number, more: readonly Resumption[] = []) {
      const values = [code, number, transferable(payload)]
      for (const next of more) values.push(next.code, next.number, transferable(next.payload))
      enter(resumeEntry, values, timeoutMs)
    },
    control: (code: number, argument: string | number, timeoutMs: number) => enter(controlEntry, [code, argument], timeoutMs),
    release() {
      if (isolate.isDisposed) return
      for (const entry of [runEntry, resumeEntry, controlEntry]) entry.release()
      context.release()
    },
  })
}

/** Of a time limit: how much later than asked it may end. */
const stepShare = 1 / 50

/**
 * The library keeps the limit of an entry until its time has come, also when the entry is long over, and wakes a thread for each (measured: 24 us of
 * processor time per entry, seconds later, beside the lock that entries wait for). Limits that end in the same millisecond are cleared away together.
 */
function inStep(timeoutMs: number): number {
  const stepMs = Math.max(1, Math.floor(timeoutMs * stepShare))
  return timeoutMs + stepMs - Math.floor(performance.now() % stepMs)
}

/** A small payload crosses as a string of one character per byte, a larger one changes hands without a copy. */
function transferable(bytes: string | Uint8Array): ivm.Transferable {
  if (typeof bytes === 'string') return bytes
  if (bytes.length <= stringPayloadBytesMax) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  // Memory behind a Buffer may be shared with other Buffers, and Node does not let go of it: trying ends the process.
  const isOwn = !Buffer.isBuffer(bytes) && bytes.byteLength === bytes.buffer.byteLength
  const { buffer } = isOwn ? bytes : new Uint8Array(bytes)
  return new ivm.ExternalCopy(buffer as ArrayBuffer, { transferOut: true }).copyInto({ release: true, transferIn: true })
}

function compile(isolate: ivm.Isolate, memoryMb: number, context: ivm.Context, code: string, scriptName: string): SandboxScript {
  let script: ivm.Script
  try {
    script = isolate.compileScriptSync(loadPrefix + code + loadSuffix, { filename: scriptName, columnOffset: -loadPrefix.length })
  } catch (error) {
    // The library ends a syntax error's message with its place: `Unexpected token '=' [name:2:9]`.
    const message = error instanceof Error ? error.message : String(error)
    const place = /^(.*) \[[^[\]]*:(\d+):(\d+)\]$/s.exec(message)
    throw new CodeSyntaxError(place?.[1] ?? message, place ? Number(place[2]) : undefined, place ? Number(place[3]) : undefined)
  }
  return {
    run(timeoutMs) {
      try {
        script.runSync(context, { timeout: timeoutMs })
      } catch (error) {
        throw toEntryError(error, isolate, memoryMb)
      } finally {
        if (!isolate.isDisposed) script.release()
      }
    },
  }
}

/** The dispatcher never throws, so whatever arrives here is a timeout, the end of the isolate, or a rejection that nobody handled. */
function toEntryError(error: unknown, isolate: ivm.Isolate, memoryMb: number): EntryError {
  const message = error instanceof Error ? error.message : 'A promise was rejected with something that is not an Error.'
  const stack = error instanceof Error && typeof error.stack === 'string' ? withoutHostFrames(error.stack) : ''
  const isTimeout = message === 'Script execution timed out.'
  if (isTimeout && isFilling(isolate, memoryMb)) isolate.dispose()
  if (isolate.isDisposed || message.startsWith('Isolate was disposed')) return new EntryError('out-of-memory', 'The memory limit was reached.', stack)
  return new EntryError(isTimeout ? 'timed-out' : 'stray', message, stack)
}

/**
 * Code that fills the memory is often stopped by its time first. The next entry into a heap that is already near its limit is lent 1 GiB by the library and
 * may hang in the collector (measured), so such an isolate is given up.
 */
function isFilling(isolate: ivm.Isolate, memoryMb: number): boolean {
  if (isolate.isDisposed) return false
  const { used_heap_size: usedBytes, externally_allocated_size: externalBytes } = isolate.getHeapStatisticsSync()
  return usedBytes + externalBytes > (memoryMb * 1024 * 1024) / 2
}

/** Below the library's marker stand the frames of this process, which are nobody's business. */
function withoutHostFrames(stack: string): string {
  const boundaryAt = stack.indexOf('\n    at (<isolated-vm boundary>)')
  return boundaryAt === -1 ? (stack.split('\n', 1)[0] ?? '') : stack.slice(0, boundaryAt)
}
