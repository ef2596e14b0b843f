import type { Log } from '../../platform/log.ts'
import type { Observe } from '../observe.ts'
import { startWorkerProcess, type WorkerProcess, type WorkerProgram } from './worker-process.ts'

/** Workers that wait, warm and bound to nobody, for an environment that needs one. */
export interface Spares {
  start(): void
  /** Calls back at once when a spare waits, else as soon as one is ready. @returns takes the wish back */
  take(onWorker: (worker: WorkerProcess) => void): () => void
  /** Kills the spares and waits until they are gone. */
  stop(): Promise<void>
  readonly waitingCount: number
}

// Starting a process stops this one for milliseconds and takes a core for 100: more at once would only delay the first.
const startingMax = 2
// After a spare was taken the front has calls to send (or a crash to mend): the next fork waits until that is over.
const refillDelayMs = 200
const startTimeoutMs = 15_000
const retryDelayMs = (failuresInARow: number): number => Math.min(5_000, 100 * 2 ** failuresInARow)

export function createSpares(options: { program: WorkerProgram; count: number; log: Log; observe: Observe }): Spares {
  const { program, count, log, observe } = options
  const ready: WorkerProcess[] = []
  const starting = new Map<WorkerProcess, NodeJS.Timeout>()
  const leaving = new Set<Promise<void>>()
  let hungry: ((worker: WorkerProcess) => void)[] = []
  let failuresInARow = 0
  let refillTimer: NodeJS.Timeout | undefined
  let isStopping = false
  let isStarted = false

  const refillLater = (delayMs: number): void => {
    if (refillTimer !== undefined) return
    refillTimer = setTimeout(() => {
      refillTimer = undefined
      refill()
    }, delayMs)
  }
  const refill = (): void => {
    while (isStarted && !isStopping && starting.size < startingMax && ready.length + starting.size < count + hungry.length) {
      if (failuresInARow > 0 && starting.size > 0) return
      startOne()
    }
  }
  const startOne = (): void => {
    const startedAtMs = performance.now()
    const worker = startWorkerProcess(
      program,
      (worker) => {
        clearTimeout(starting.get(worker))
        starting.delete(worker)
        failuresInARow = 0
        observe({ type: 'spare-ready', pid: worker.pid, startMs: performance.now() - startedAtMs })
        const taker = hungry.shift()
        if (taker !== undefined) taker(worker)
        else {
          ready.push(worker)
          worker.onLost = () => forget(worker)
        }
        refill()
      },
      (worker) => {
        clearTimeout(starting.get(worker))
        starting.delete(worker)
        if (isStopping) return
        failuresInARow += 1
        log.error({ pid: worker.pid, output: worker.errorTail(), failuresInARow }, 'A worker could not start; it is tried again.')
        refillLater(retryDelayMs(failuresInARow))
      },
    )
    starting.set(worker, setTimeout(() => worker.kill(), startTimeoutMs).unref())
    leaving.add(worker.exited)
    worker.exited.finally(() => leaving.delete(worker.exited))
  }
  const forget = (worker: WorkerProcess): void => {
    const at = ready.indexOf(worker)
    if (at >= 0) ready.splice(at, 1)
    if (isStopping) return
    log.warn({ pid: worker.pid, output: worker.errorTail() }, 'A spare worker left by itself.')
    refillLater(refillDelayMs)
  }

  return {
    start() {
      isStarted = true
      refill()
    },
    take(onWorker) {
      const worker = ready.shift()
      if (worker !== undefined) {
        refillLater(refillDelayMs)
        onWorker(worker)
        return () => {}
      }
      hungry.push(onWorker)
      if (failuresInARow === 0) refill()
      return () => {
        hungry = hungry.filter((taker) => taker !== onWorker)
      }
    },
    async stop() {
      isStopping = true
      clearTimeout(refillTimer)
      hungry = []
      for (const worker of [...ready, ...starting.keys()]) worker.kill()
      await Promise.all(leaving)
    },
    get waitingCount() {
      return ready.length
    },
  }
}
