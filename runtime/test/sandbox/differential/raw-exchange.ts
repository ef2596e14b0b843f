import { connect } from 'node:net'

export interface RawRequest {
  method?: string
  /** Path and query. */
  target?: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
}
export interface RawResponse {
  status: number
  /** The words beside the status. */
  reason: string
  /** By lower-case name; a name that came several times is a list. */
  headers: Record<string, string | string[]>
  /** One character per byte, without the chunks' frames. */
  body: string
}

/** One request on a connection of its own, written and read as bytes. */
export async function exchange(port: number, host: string, { method = 'GET', target = '/suite', headers = {}, body }: RawRequest): Promise<RawResponse> {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close']
  for (const [name, value] of Object.entries(headers)) for (const each of [value].flat()) lines.push(`${name}: ${each}`)
  const bytes = body === undefined ? undefined : Buffer.from(body)
  if (bytes !== undefined) lines.push(`Content-Length: ${bytes.length}`)
  return parse(await send(port, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes ?? Buffer.alloc(0)])))
}

function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(text))
  })
}

function parse(text: string): RawResponse {
  const headEnd = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d+) ?(.*)$/.exec(first) ?? []
  const headers: RawResponse['headers'] = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    const held = headers[name]
    headers[name] = held === undefined ? value : [held, value].flat()
  }
  const rest = text.slice(headEnd + 4)
  return { status: Number(status), reason, headers, body: headers['transfer-encoding'] === 'chunked' ? withoutChunks(rest) : rest }
}

function withoutChunks(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const length = Number.parseInt(text.slice(at, lineEnd), 16)
    if (lineEnd === -1 || !(length > 0)) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + length)
    at = lineEnd + 2 + length + 2
  }
}
