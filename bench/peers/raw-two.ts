/**
 * The yardstick in two processes: node:http in one, the function in the other, a line of text each way over a socket between them, and nothing else. What it
 * takes longer than the one process is what waking a second one takes here.
 */
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { callTax, serveRaw } from './raw-http.ts'

const socketFd = 3

function onLine(socket: Socket, take: (line: string) => void): void {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      take(text.slice(0, end))
      text = text.slice(end + 1)
    }
  })
}

if (process.argv[2] === 'function') {
  const socket = new Socket({ fd: socketFd })
  onLine(socket, (body) => callTax(body, (json) => socket.write(`${json}\n`)))
} else {
  const child = spawn(process.execPath, [import.meta.filename, 'function'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const socket = child.stdio[socketFd] as Socket
  const waiting: ((json: string) => void)[] = []
  onLine(socket, (json) => waiting.shift()?.(json))
  serveRaw((body, answer) => {
    waiting.push(answer)
    socket.write(`${body}\n`)
  })
}
