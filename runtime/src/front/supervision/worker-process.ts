import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createFrameReceiver, createFrameSender, type OnFrame, type SendFrame, toFront } from '../../frames/frames.ts'
import { type RunningNote, readRunningNote, runningNotePrefix } from '../../frames/running-note.ts'
import { compileCacheFolder, rightsAtStart } from '../../frames/worker-rights.ts'

/** What a worker process runs. */
export interface WorkerProgram {
  /** Its main module. */
  path: string
  /** Files beside its sources that it has to read. */
  files: readonly string[]
}

/** A process that runs functions, seen from outside: frames in, frames out, alive or lost. Knows nothing of what the frames mean. */
export interface WorkerProcess {
  readonly pid: number
  readonly send: SendFrame
  /** Replaced when a spare is bound. */
  onFrame: OnFrame
  /** Called once, when the process or its socket is gone. Replaced when a spare is bound. */
  onLost: () => void
  readonly isLost: boolean
  /** SIGKILL. `onLost` follows at once. */
  kill(): void
  /** The last bytes of its standard error, for the log of a loss. */
  errorTail(): string
  /** Which function its watchdog saw running when it looked last. */
  runningNote(): RunningNote | undefined
  /** Resolves when the process has left. */
  readonly exited: Promise<void>
}

const errorTailCharactersMax = 4_096
const ignoreFrame: OnFrame = () => {}

/**
 * Starts `node --no-node-snapshot <path>` with fd 3 as the frame socket, with few rights and an environment of its own: nothing that this process was given is
 * handed on.
 * @param onReady called once, when the worker says that it can be bound
 * @param onLost called instead when it never gets there
 */
export function startWorkerProcess(program: WorkerProgram, onReady: (worker: WorkerProcess) => void, onLost: (worker: WorkerProcess) => void): WorkerProcess {
  const child = spawn(process.execPath, ['--no-node-snapshot', ...rightsAtStart(program.files), program.path], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: compileCacheFolder },
    cwd: '/',
  })
  // Absent when the process table or the file table is full: then `error` follows and the worker is lost before it was there.
  const socket = child.stdio?.[3] as Socket | undefined
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  let tail = ''
  let note: RunningNote | undefined
  let isLost = false
  const lose = (): void => {
    if (isLost) return
    isLost = true
    child.kill('SIGKILL')
    socket?.destroy()
    worker.onLost()
  }
  const worker: WorkerProcess = {
    pid: child.pid ?? 0,
    send: createFrameSender({
      write: (chunk) => (isLost ? false : socket?.write(chunk)),
      get writableLength() {
        return socket?.writableLength
      },
    }).send,
    onFrame: (id, kind) => {
      if (id !== 0 || kind !== toFront.done) return
      worker.onFrame = ignoreFrame
      onReady(worker)
    },
    onLost: () => onLost(worker),
    get isLost() {
      return isLost
    },
    kill: lose,
    errorTail: () => tail,
    runningNote: () => note,
    exited,
  }
  listen(child, socket, worker, lose, (text) => {
    tail = (tail + text).slice(-errorTailCharactersMax)
    if (text.includes(runningNotePrefix)) note = readRunningNote(tail)
  })
  return worker
}

function listen(child: ChildProcess, socket: Socket | undefined, worker: WorkerProcess, lose: () => void, onErrorText: (text: string) => void): void {
  const receive = createFrameReceiver((id, kind, buffer, metaAt, bodyAt, end) => {
    if (!worker.isLost) worker.onFrame(id, kind, buffer, metaAt, bodyAt, end)
  })
  socket?.on('data', (chunk) => {
    try {
      receive(chunk)
    } catch {
      // Whatever a worker sends, it can only lose itself: a frame that is out of bounds ends it, not the front.
      lose()
    }
  })
  // A turn later, so that what the worker wrote last has been read: it may say who ran.
  const loseSoon = (): void => void setImmediate(lose)
  socket?.on('error', loseSoon)
  socket?.on('close', loseSoon)
  child.on('error', lose)
  child.on('exit', loseSoon)
  child.stderr?.setEncoding('utf8').on('data', onErrorText)
  child.stderr?.on('error', () => {})
}
