import { createServer, type RequestListener } from 'node:http'
import { Duplex } from 'node:stream'
import { toAnswerHead } from '../answer-head.ts'
import type { EdgeReply, EdgeRequest, ExchangeClasses } from './exchange.ts'

/** One piece of a conversation: bytes in, and what must have come out by then, without the date. */
type Line = readonly [sent: string, answered: string]

const answerTo = (request: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\nx-request-id: ${request}\r\nContent-Length: ${request.length}\r\n${more}\r\n${request}`
const line = (method: string, path: string, more = ''): string => `${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`

/** One connection each. */
const conversations: readonly (readonly Line[])[] = [
  [
    [line('GET', '/one'), answerTo('/one:')],
    [line('POST', '/two', 'Content-Length: 5\r\n'), ''],
    ['he', ''],
    ['llo', answerTo('/two:hello')],
    [`${line('POST', '/three', 'Transfer-Encoding: chunked\r\n')}2\r\nhi\r\n0\r\nTrailer: x\r\n\r\n`, answerTo('/three:hi')],
    [line('POST', '/four', 'Content-Length: 2\r\nExpect: 100-continue\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['ok', answerTo('/four:ok')],
    [line('HEAD', '/five'), answerTo('/five:').slice(0, -'/five:'.length)],
    [line('GET', '/last', 'Connection: close\r\n'), answerTo('/last:', 'Connection: close\r\n')],
  ],
  // What was asked first is answered first; the third answer follows a turn later.
  [
    [line('GET', '/late') + line('GET', '/next'), ''],
    [line('GET', '/answer'), `${answerTo('/late')}${answerTo('/next:')}`],
  ],
  [['GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n']],
]

/**
 * Holds short conversations with a `node:http` server that makes these classes, on connections that are no sockets.
 * @returns what went wrong, or undefined when every byte of every answer was right: then this version of Node uses the classes as they expect
 */
export function tryExchange(classes: ExchangeClasses): string | undefined {
  for (const conversation of conversations) {
    let late: EdgeReply | undefined
    const answer = ({ request, reply }: { request: EdgeRequest; reply: EdgeReply }, body: string | undefined): void => {
      if (request.url === '/late') late = reply
      else {
        if (request.url === '/answer') late?.sendWhole(toAnswerHead(200, []), '/late', '/late')
        reply.sendWhole(toAnswerHead(200, []), `${request.url}:${body}`, `${request.url}:${body}`)
      }
    }
    const listen = (request: EdgeRequest, reply: EdgeReply): void => {
      if (request.head.hasBody) request.readBody(100, answer, { request, reply })
      else answer({ request, reply }, '')
    }
    const fault = converse(classes, conversation, listen)
    if (fault !== undefined) return fault
  }
  return undefined
}

function converse(classes: ExchangeClasses, conversation: readonly Line[], onRequest: (request: EdgeRequest, reply: EdgeReply) => void): string | undefined {
  const { IncomingMessage, ServerResponse } = classes
  const server = createServer({ IncomingMessage: IncomingMessage as never, ServerResponse: ServerResponse as never }, onRequest as unknown as RequestListener)
  server.on('checkContinue', (request, reply) => {
    ;(reply as unknown as EdgeReply).writeContinue()
    onRequest(request as unknown as EdgeRequest, reply as unknown as EdgeReply)
  })
  let text = ''
  const connection = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString('latin1')
      done()
    },
  })
  try {
    server.emit('connection', connection)
    for (const [sent, answered] of conversation) {
      text = ''
      // Not pushed through the stream: what is thrown must arrive here.
      connection.emit('data', Buffer.from(sent, 'latin1'))
      const got = text.replaceAll(/Date: [^\r]*\r\n/g, '')
      if (got !== answered) return `${JSON.stringify(sent)} was answered by ${JSON.stringify(got)}.`
    }
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'It threw something.'
  } finally {
    connection.destroy()
  }
}
