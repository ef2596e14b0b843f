/** What many would build first: Express, and the author's code in a `vm` context, which is no wall. */
import { createContext, Script } from 'node:vm'
import express from 'express'
import { taxSource } from './tax.ts'

const context = createContext({ console })
new Script(`${taxSource}; globalThis.handler = tax`).runInContext(context)
const { handler } = context as unknown as { handler: express.RequestHandler }

const app = express()
app.disable('x-powered-by')
app.use(express.json())
app.post('/', (request, response, next) => handler(request, response, next))
app.listen(Number(process.env.PORT), '127.0.0.1')
