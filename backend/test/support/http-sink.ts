import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from './eventually.ts'

export interface SunkRequest {
  path: string
  headers: IncomingHttpHeaders
  body: string
  json(): Record<string, unknown>
}
export interface SinkAnswer {
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Takes the request and never answers. */
  hangs?: boolean
}

/** A server that keeps what it is sent and answers as it is told. */
export async function givenHttpSink(answerTo: (request: SunkRequest, count: number) => SinkAnswer = () => ({})) {
  const requests: SunkRequest[] = []
  const server: Server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const request = { path: req.url ?? '', headers: req.headers, body, json: () => JSON.parse(body) as Record<string, unknown> }
    requests.push(request)
    const answer = answerTo(request, requests.length)
    if (!answer.hangs) res.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Once so many have come. */
    received: (count: number) =>
      eventually(async () => {
        if (requests.length < count) throw new Error(`${requests.length} of ${count} requests have come.`)
        return requests
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
