import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** A request whose Host header is chosen, on a connection of its own. */
export function requestAs(port: number, host: string, path: string, method = 'GET'): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, method, headers: { host }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
      .on('error', reject)
      .end()
  })
}

/** Bytes onto a connection; what comes back until the server closes it or `isEnough` says so. */
export function sendBytes(port: number, bytes: string, isEnough: (text: string) => boolean = () => false): Promise<{ text: string; isClosed: boolean }> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      if (!isEnough(text)) return
      resolve({ text, isClosed: false })
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve({ text, isClosed: true }))
  })
}
export const statusesIn = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
