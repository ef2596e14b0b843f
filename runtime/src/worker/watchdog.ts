import { Worker } from 'node:worker_threads'

/**
 * What may use this process up for good cannot be stopped from inside its main thread: a few built-ins of V8 heed no time limit, and an isolate near its
 * memory limit can grow past every bound. The front kills a silent worker, but a front that is gone kills nobody. So a thread of its own looks at the
 * process from beside: it ends it when its parent has left or when it has outgrown its memory.
 */
export interface WatchdogLimits {
  /** Resident memory of the whole process, in bytes. */
  rssBytesMax: number
}

const lookEveryMs = 100

// A thread needs no more than its own start; the rest of the process's memory is for functions.
const threadLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

const source = `
const { parentPort, workerData } = require('node:worker_threads')
let { rssBytesMax, parentPid, lookEveryMs } = workerData
parentPort.on('message', (limits) => { rssBytesMax = limits.rssBytesMax })
parentPort.unref()
setInterval(() => {
  if (process.ppid !== parentPid || process.memoryUsage.rss() > rssBytesMax) process.kill(process.pid, 'SIGKILL')
}, lookEveryMs)
`

/** @returns what changes the limits, once the worker knows its environment's. */
export function startWatchdog(limits: WatchdogLimits): (limits: WatchdogLimits) => void {
  const workerData = { ...limits, parentPid: process.ppid, lookEveryMs }
  const thread = new Worker(source, { eval: true, workerData, resourceLimits: threadLimits, execArgv: [] })
  thread.unref()
  return (next) => thread.postMessage(next)
}
