/** The yardstick: node:http calling the function in its own process, and nothing else. */
import { createServer } from 'node:http'
import { taxSource } from './tax.ts'

type Handler = (req: { body: unknown }, res: { json(value: unknown): void }) => Promise<void>
const tax = new Function(`${taxSource}; return tax`)() as Handler

createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', () => {
    const json = (value: unknown): void => {
      const text = JSON.stringify(value)
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
      response.end(text)
    }
    void tax({ body: JSON.parse(body) }, { json })
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
