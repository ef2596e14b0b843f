/** The load generator where there is no wrk: raw sockets, one request after the other on each, answers read no further than their length. */
import { connect } from 'node:net'
import { percentile } from './figures.ts'
import { nodeLoadSchema } from './node-load.ts'

const { url, body, headers, connections, seconds } = nodeLoadSchema.parse(JSON.parse(process.argv[2] ?? ''))
const { hostname, port, pathname } = new URL(url)
const lines = Object.entries({ Host: hostname, 'Content-Length': String(Buffer.byteLength(body)), ...headers }).map(([name, value]) => `${name}: ${value}`)
const request = Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
const startedAtMs = performance.now()
const endsAtMs = startedAtMs + seconds * 1_000
const latenciesUs: number[] = []
let failed = 0

const run = (): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let sentAtMs = 0
    let text = ''
    const next = (): void => {
      if (performance.now() >= endsAtMs) {
        socket.destroy()
        resolve()
        return
      }
      text = ''
      sentAtMs = performance.now()
      socket.write(request)
    }
    socket.setNoDelay(true).on('connect', next)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const headEnd = text.indexOf('\r\n\r\n')
      const length = headEnd < 0 ? undefined : /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1]
      if (headEnd < 0 || length === undefined || text.length < headEnd + 4 + Number(length)) return
      latenciesUs.push((performance.now() - sentAtMs) * 1_000)
      if (!text.startsWith('HTTP/1.1 200 ')) failed += 1
      next()
    })
    socket.on('error', () => {
      failed += 1
    })
    socket.on('close', () => resolve())
  })

await Promise.all(Array.from({ length: connections }, run))
const tookS = (performance.now() - startedAtMs) / 1_000
const figures = { p50Us: percentile(latenciesUs, 0.5), p99Us: percentile(latenciesUs, 0.99) }
process.stdout.write(JSON.stringify({ requests: latenciesUs.length, failed, perSecond: latenciesUs.length / tookS, ...figures }))
