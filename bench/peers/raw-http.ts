import { createServer } from 'node:http'
import { taxSource } from './tax.ts'

type Handler = (req: { body: unknown }, res: { json(value: unknown): void }) => Promise<void>
const tax = new Function(`${taxSource}; return tax`)() as Handler

/** @param answer is told where the JSON that answers goes */
export function callTax(body: string, answer: (json: string) => void): void {
  void tax({ body: JSON.parse(body) }, { json: (value) => answer(JSON.stringify(value)) })
}

/** node:http and nothing else, at `PORT`. */
export function serveRaw(call: typeof callTax): void {
  createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () =>
      call(body, (json) => {
        response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(json) })
        response.end(json)
      }),
    )
  }).listen(Number(process.env.PORT), '127.0.0.1')
}
