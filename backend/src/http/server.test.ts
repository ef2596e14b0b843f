import { strict as assert } from 'node:assert'
import express, { type Express } from 'express'
import { systemClock } from '../platform/clock.ts'
import { contextOf, createRequestContext } from './request-context.ts'
import { createHttpServer } from './server.ts'

async function givenServer(fill: (app: Express) => void) {
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    createApp(state) {
      const app = express()
      app.use(createRequestContext({ clock: systemClock, ...state }))
      app.use((_req, res, next) => (state.isClosing() ? void res.status(503).set('connection', 'close').end() : next()))
      fill(app)
      return app
    },
  })
  const url = `http://127.0.0.1:${await server.listen()}`
  return { server, url, [Symbol.asyncDispose]: () => server.close() }
}

describe('HTTP server', () => {
  it('waits for requests in flight when it closes, and takes no new ones', async () => {
    const arrived = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    await using given = await givenServer((app) =>
      app.get('/slow', async (_req, res) => {
        arrived.resolve()
        await finish.promise
        res.send('done')
      }),
    )
    const slow = fetch(`${given.url}/slow`)
    await arrived.promise
    let isClosed = false
    const closing = given.server.close().then(() => {
      isClosed = true
    })
    await assert.rejects(fetch(`${given.url}/slow`))
    assert.equal(isClosed, false)
    finish.resolve()
    assert.equal(await (await slow).text(), 'done')
    await closing
  })

  it('tells a handler that its caller has hung up, and only then', async () => {
    const arrived = Promise.withResolvers<AbortSignal>()
    let answered: AbortSignal | undefined
    await using given = await givenServer((app) => {
      app.get('/endless', (req) => arrived.resolve(contextOf(req).signal))
      app.get('/quick', (req, res) => {
        answered = contextOf(req).signal
        res.send('done')
      })
    })
    const caller = new AbortController()
    const call = fetch(`${given.url}/endless`, { signal: caller.signal })
    const signal = await arrived.promise
    assert.equal(signal.aborted, false)
    caller.abort()
    await assert.rejects(call)
    await new Promise((resolve) => (signal.aborted ? resolve(undefined) : signal.addEventListener('abort', resolve)))
    await (await fetch(`${given.url}/quick`)).text()
    assert.equal(answered?.aborted, false)
  })

  it('says which setting to change when the port is taken', async () => {
    await using given = await givenServer(() => {})
    const port = Number(new URL(given.url).port)
    await assert.rejects(
      createHttpServer({ host: '127.0.0.1', port, createApp: () => express() }).listen(),
      new RegExp(`Port ${port} .*taken by another program.*IMPRUN_API_PORT`),
    )
  })
})
