import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { fileURLToPath } from 'node:url'
import type { BindMessage } from '../../src/frames/frames.ts'
import { givenWorker, type WorkerUnderTest } from './given-worker.ts'

const playedNetworkFile = fileURLToPath(new URL('../fixtures/worker-on-played-network.ts', import.meta.url))

/** What a request looked like when it arrived. */
export interface Arrived {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}
export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

export interface GivenOutside extends AsyncDisposable {
  readonly port: number
  readonly arrived: readonly Arrived[]
  /** How many connections have been made. */
  readonly connections: number
}

/**
 * A real HTTP server on this machine, for the part of the outside world. Bodies are read before a handler gets them.
 * @param secure makes it one that speaks TLS
 */
export async function givenOutside(handlers: Record<string, Handler>, secure?: ServerOptions): Promise<GivenOutside> {
  const arrived: Arrived[] = []
  let connections = 0
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const pieces: Buffer[] = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      const { method = '', url = '', headers } = request
      arrived.push({ method, url, headers, body })
      const handler = handlers[url.split('?', 1)[0] ?? '']
      if (handler === undefined) response.writeHead(404).end()
      else handler(request, response, body)
    })
  }
  const server = secure === undefined ? createServer(onRequest) : createSecureServer(secure, onRequest)
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    arrived,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface PlayedNetwork {
  /** Names with their answers: the next list of addresses at each question, the last one for ever. */
  names?: Record<string, string[][]>
  /** Which local port stands behind a public address. */
  ports?: Record<string, number>
  /** The certificate of the one authority that is trusted there. */
  authority?: string
}

/** A real worker that finds names and public addresses as they are played, because nothing of a test may leave this machine. */
export function givenWorkerOutside({ names = {}, ports = {}, authority }: PlayedNetwork, bind: Partial<BindMessage> = {}): Promise<WorkerUnderTest> {
  return givenWorker(bind, 'inherit', [playedNetworkFile, JSON.stringify({ names, ports, authority })])
}
