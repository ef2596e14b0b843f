import { Worker } from 'node:worker_threads'

/**
 * Not everything that uses this process up can be stopped from its main thread: a few built-ins of V8 heed no time limit, and an isolate near its memory
 * limit can grow past every bound. The front kills a silent worker, but a front that is gone kills nobody. So a thread of its own looks at the process
 * from beside, and ends it when its parent has left or when it has outgrown its memory.
 */
const lookEveryMs = 100

// What the process itself, buffers on their way and garbage not yet collected take beside the functions' own memory. isolated-vm lends an isolate that is
// full up to 1 GiB to wind up in (measured), so without this bound one function could take that much from all the others.
const processMemoryMb = 384

// The thread needs no more than its own start; the rest of the process's memory is for functions.
const threadLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

const source = `
const { parentPort, workerData } = require('node:worker_threads')
let { rssBytesMax, parentPid, lookEveryMs } = workerData
parentPort.on('message', (next) => { rssBytesMax = next })
setInterval(() => {
  if (process.ppid !== parentPid || process.memoryUsage.rss() > rssBytesMax) process.kill(process.pid, 'SIGKILL')
}, lookEveryMs)
`

const rssBytesMaxOf = (memoryMb: number): number => (memoryMb + processMemoryMb) * 1024 * 1024

/**
 * @param memoryMb what functions may use
 * @returns what sets it anew, once the worker knows its environment
 */
export function startWatchdog(memoryMb: number): (memoryMb: number) => void {
  const workerData = { rssBytesMax: rssBytesMaxOf(memoryMb), parentPid: process.ppid, lookEveryMs }
  const thread = new Worker(source, { eval: true, workerData, resourceLimits: threadLimits, execArgv: [] })
  thread.unref()
  return (next) => thread.postMessage(rssBytesMaxOf(next))
}
