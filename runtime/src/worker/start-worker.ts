import { flushCompileCache } from 'node:module'
import { Socket } from 'node:net'
import { createFrameReceiver, createFrameSender } from '../frames/frames.ts'
import { giveUpRights } from '../frames/worker-rights.ts'
import type { Network } from './egress/network.ts'
import { createOutput } from './output.ts'
import { createSharedMark } from './running-mark.ts'
import { readGuestBundle } from './sandbox/guest-bundle.ts'
import { createIsolatedVmEngine } from './sandbox/isolated-vm-engine.ts'
import { prepareV8 } from './sandbox/v8-flags.ts'
import { warmUp } from './warm-up.ts'
import { startWatchdog } from './watchdog.ts'
import { spareMemoryMb, Worker } from './worker.ts'

/** Under load answers leave eight at a time instead of at the end of the turn: their callers wait less and the rate stays the same. */
const flushAfterFrames = 8

const leave = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

/** Makes this process a worker. @param network the real one, but for tests that play one on a single machine */
export async function startWorker(network: Network): Promise<void> {
  // Signals meant for the whole group (Ctrl-C in a terminal) reach the front too, which lets this process finish its calls first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

  // A fault of this program, never of a function: nothing can be trusted any more, and the front has a spare.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`imprun worker: ${error.stack ?? String(error)}\n`, leave)
  })

  const socket = new Socket({ fd: 3, readable: true, writable: true })
  const { send, flush } = createFrameSender(socket, flushAfterFrames)
  const output = createOutput({ send, flush })
  const { mark, memory } = createSharedMark()
  // Its thread starts before V8's flags are changed: what Node compiled ahead of its own modules counts for the flags of the start only, and without it the
  // thread takes twice as long (measured: 61 ms instead of 33).
  const watchdog = startWatchdog(spareMemoryMb, memory)
  const [guestCode] = await Promise.all([readGuestBundle(), watchdog.isLooking])
  prepareV8()
  const engine = createIsolatedVmEngine(guestCode, mark)
  warmUp(engine, network)
  const worker = new Worker(engine, output, network, {
    onBound: ({ memoryMb }) => watchdog.limit(memoryMb),
    onDrained() {
      flush()
      socket.end(leave)
    },
  })
  socket.on(
    'data',
    createFrameReceiver((...frame) => {
      mark.setCall(frame[0])
      worker.onFrame(...frame)
      mark.setCall(0)
    }),
  )
  socket.on('error', leave)
  socket.on('close', leave)
  // What was compiled is usually kept when a process exits, and this one never does. Nothing happens where the front named no folder, or when nothing is new.
  flushCompileCache()
  giveUpRights()
  output.done(0)
}
