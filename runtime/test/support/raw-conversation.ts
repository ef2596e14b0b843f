import { connect, type Socket } from 'node:net'

export interface Conversation {
  /** Everything that came back, one character a byte. */
  text: string
  /** The server closed the connection. */
  isClosed: boolean
}

// Far more than an answer takes, and far less than the server's own patience with a slow head.
const silenceMs = 5_000

/**
 * Sends pieces of bytes on one connection, a moment apart, and reads until the server closes it or `isEnough` says so.
 * @throws Error when nothing happens any more
 */
export function converse(port: number, pieces: readonly string[], isEnough: (text: string) => boolean = () => false): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => void send(socket, pieces))
    const silence = setTimeout(() => {
      socket.destroy()
      reject(new Error(`Neither closed nor answered; so far: ${JSON.stringify(text.slice(0, 500))}`))
    }, silenceMs)
    const end = (isClosed: boolean): void => {
      clearTimeout(silence)
      socket.destroy()
      resolve({ text, isClosed })
    }
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      if (isEnough(text)) end(false)
    })
    socket.on('error', () => {})
    socket.on('close', () => end(true))
  })
}

/** Sends bytes and cuts the connection without waiting for anything. */
export async function sendAndLeave(port: number, bytes: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve) => socket.write(bytes, 'latin1', () => resolve()))
  socket.resetAndDestroy()
}

async function send(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    socket.write(piece, 'latin1')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
