import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort } from '../../runtime/test/support/free-port.ts'

/** A server that is measured beside imprun, in a process of its own. */
export interface PeerProcess extends AsyncDisposable {
  readonly pid: number
  readonly port: number
  readonly url: string
}

export interface Command {
  command: string
  args: string[]
  env?: Record<string, string>
}

const startWithinMs = 15_000

/** @param start gets the port to listen on and returns the command line */
export async function startPeer(start: (port: number) => Command | Promise<Command>): Promise<PeerProcess> {
  const port = await freePort()
  const { command, args, env = {} } = await start(port)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PORT: String(port), NODE_ENV: 'production', ...env } })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000)
  })
  const peer: PeerProcess = {
    pid: child.pid ?? 0,
    port,
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () => end(child),
  }
  const deadlineMs = performance.now() + startWithinMs
  while (!(await isListening(port))) {
    if (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 50))
    else {
      await end(child)
      throw new Error(`${command} ${args.join(' ')} does not listen: ${errors}`)
    }
  }
  return peer
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
