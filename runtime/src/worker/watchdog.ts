import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { runningNotePrefix } from '../frames/running-note.ts'
import { processMemoryMb } from '../frames/worker-memory.ts'
import { markPlaces } from './running-mark.ts'

/**
 * Not everything that uses this process up can be stopped from its main thread: a few built-ins of V8 heed no time limit, and an isolate near its memory
 * limit can grow past every bound. The front kills a silent worker, but a front that is gone kills nobody. So a thread of its own looks at the process
 * from beside, and ends it when its parent has left or when it has outgrown its memory. It also notes which function has been running for long, so that the
 * front knows whom to blame when the process is gone.
 */
const lookEveryMs = 100

// The thread needs no more than its own start; the rest of the process's memory is for functions.
const threadLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

const source = `
const { writeSync } = require('node:fs')
const { parentPort, workerData } = require('node:worker_threads')
let { rssBytesMax, parentPid, lookEveryMs, mark, markPlaces, notePrefix } = workerData
const places = new Uint32Array(mark)
let seen = 0
let noted = 0
const note = (index, call) => { try { writeSync(2, notePrefix + ' ' + index + ' ' + call + '\\n') } catch {} }
parentPort.on('message', (next) => { rssBytesMax = next })
setInterval(() => {
  const entry = Atomics.load(places, markPlaces.entries)
  const index = Atomics.load(places, markPlaces.functionIndex) - 1
  const isOutgrown = process.memoryUsage.rss() > rssBytesMax
  if (noted !== 0 && (entry !== noted || index < 0)) { note(-1, 0); noted = 0 }
  if (index >= 0 && noted !== entry && (isOutgrown || entry === seen)) { note(index, Atomics.load(places, markPlaces.call)); noted = entry }
  seen = entry
  if (process.ppid !== parentPid || isOutgrown) process.kill(process.pid, 'SIGKILL')
}, lookEveryMs)
`

const rssBytesMaxOf = (memoryMb: number): number => (memoryMb + processMemoryMb) * 1024 * 1024

export interface Watchdog {
  /** What functions may use from now on: set anew once the worker knows its environment. */
  limit(memoryMb: number): void
  /** Settles when it looks. Until then its thread takes a core for itself, so a worker is not ready for calls. */
  readonly isLooking: Promise<void>
}

/**
 * @param memoryMb what functions may use
 * @param mark shared memory that says which function runs
 */
export function startWatchdog(memoryMb: number, mark: SharedArrayBuffer): Watchdog {
  const facts = { parentPid: process.ppid, lookEveryMs, markPlaces, notePrefix: runningNotePrefix }
  const workerData = { ...facts, rssBytesMax: rssBytesMaxOf(memoryMb), mark }
  const thread = new Worker(source, { eval: true, workerData, resourceLimits: threadLimits, execArgv: [] })
  let limitMb = memoryMb
  return {
    limit(next) {
      if (next !== limitMb) thread.postMessage(rssBytesMaxOf(next))
      limitMb = next
    },
    // Until then the process has nothing else to live for.
    isLooking: once(thread, 'online').then(() => {
      thread.unref()
    }),
  }
}
