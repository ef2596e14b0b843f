/**
 * The yardstick in two processes: node:http in one, the function in the other, a line of text each way over a socket between them. No code that is kept apart
 * from the process that takes HTTP is answered sooner.
 */
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { callTax, serveRaw } from './raw-http.ts'

const socketFd = 3

if (process.argv[2] === 'function') {
  const socket = new Socket({ fd: socketFd })
  createInterface({ input: socket }).on('line', (body) => callTax(body, (json) => socket.write(`${json}\n`)))
} else {
  const child = spawn(process.execPath, [import.meta.filename, 'function'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const socket = child.stdio[socketFd] as Socket
  const waiting: ((json: string) => void)[] = []
  createInterface({ input: socket }).on('line', (json) => waiting.shift()?.(json))
  serveRaw((body, answer) => {
    waiting.push(answer)
    socket.write(`${body}\n`)
  })
}
