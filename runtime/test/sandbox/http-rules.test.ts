import { strict as assert } from 'node:assert'
import { httpClassesWishes } from '../../src/front/http/exchange/choose-exchange.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { type GivenEnvironment, givenEnvironment, givenRuntime } from '../support/given-runtime.ts'
import { converse, sendAndLeave } from '../support/raw-conversation.ts'
import { statusesIn } from '../support/raw-http.ts'
import { accepted, type HttpCase, refused } from './http-cases.ts'

/** Answers with what it was asked, so that each answer shows whose it is. */
const echo = `export default async (req, res) => {
  if (req.query.slow) await new Promise((done) => setTimeout(done, 50))
  return res.json({ told: req.query.n, bytes: typeof req.body === 'string' ? req.body.length : 0 })
}`
const toldIn = (text: string): string[] => [...text.matchAll(/"told":"(\w+)","bytes":(\d+)/g)].map(([, told, bytes]) => `${told} ${bytes}`)

/**
 * RFC 9112 by bytes: what a front that is lenient, or understands a request otherwise than what stands before it, could be made to do. Each malformed request
 * is refused and ends its connection, so that nothing after it is taken for a request; and no answer ever goes to another request than its own.
 */
for (const httpClasses of httpClassesWishes) {
  describe(`the rules of HTTP, with ${httpClasses === 'auto' ? 'light classes' : "node's own classes"}`, () => {
    let stack: AsyncDisposableStack
    let mongo: GivenMongo
    let given: GivenEnvironment
    before(async () => {
      stack = new AsyncDisposableStack()
      mongo = stack.use(await givenMongo())
      given = await givenEnvironment(stack.use(await givenRuntime(mongo, { IMPRUN_RUNTIME_HTTP: httpClasses })), mongo)
      await given.publishAndWait('echo', echo)
    })
    after(() => stack.disposeAsync())
    const bytesOf = (pieces: HttpCase['pieces']): string[] => pieces.map((piece) => piece.replaceAll('HOST', given.host))
    const next = 'GET /echo?n=next HTTP/1.1\r\nHost: HOST\r\n\r\n'

    for (const [name, { pieces, status = 400 }] of Object.entries(refused)) {
      it(`refuse ${name}`, async () => {
        const { text, isClosed } = await converse(given.runtime.port, bytesOf([...pieces, next]))
        assert.equal(isClosed, true)
        const expected = status === 'closed' ? [] : [status]
        assert.deepEqual(statusesIn(text), expected, text.slice(0, 300))
        assert.deepEqual(toldIn(text), [], 'What follows a request that can not be read is no request.')
      })
    }
    for (const [name, { pieces, told }] of Object.entries(accepted)) {
      it(`take ${name}`, async () => {
        const isEnough = (text: string): boolean => toldIn(text).length >= told.length
        const { text } = await converse(given.runtime.port, bytesOf(pieces), isEnough)
        assert.deepEqual(toldIn(text), told, text.slice(0, 600))
      })
    }

    it('answer what was read before bytes that are no request, and end the connection then', async () => {
      const slow = 'GET /echo?n=first&slow=1 HTTP/1.1\r\nHost: HOST\r\n\r\n'
      const { text, isClosed } = await converse(given.runtime.port, bytesOf([`${slow}garbage\r\n\r\n`, next]))
      assert.deepEqual([toldIn(text), statusesIn(text), isClosed], [['first 0'], [200], true])
    })
    it('answer a request that closes the connection, and read nothing after it', async () => {
      const last = 'GET /echo?n=last&slow=1 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n'
      const { text, isClosed } = await converse(given.runtime.port, bytesOf([last + next]))
      assert.deepEqual([toldIn(text), isClosed], [['last 0'], true])
      assert.match(text, /\r\nConnection: close\r\n/i)
    })
    it('keep the order when refusals come between slow answers', async () => {
      const slow = (name: string): string => `GET /echo?n=${name}&slow=1 HTTP/1.1\r\nHost: HOST\r\n\r\n`
      const nowhere = 'GET /nowhere HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n\r\nabc'
      const { text } = await converse(given.runtime.port, bytesOf([slow('a') + nowhere + slow('b') + nowhere + next]), (text) => text.includes('next'))
      assert.deepEqual(
        [toldIn(text), statusesIn(text)],
        [
          ['a 0', 'b 0', 'next 0'],
          [200, 404, 200, 404, 200],
        ],
      )
    })
    it('answer a flood of requests on one connection each in its turn', async () => {
      const names = Array.from({ length: 2_000 }, (_, at) => `n${at}`)
      const flood = names.map((name) => `GET /echo?n=${name}${name === 'n0' ? '&slow=1' : ''} HTTP/1.1\r\nHost: HOST\r\n\r\n`).join('')
      const { text } = await converse(given.runtime.port, bytesOf([flood]), (text) => statusesIn(text).length === names.length)
      const answered = toldIn(text).map((line) => Number(line.slice(1, -2)))
      assert.deepEqual(
        answered,
        [...answered].sort((a, b) => a - b),
      )
      assert.deepEqual(new Set(statusesIn(text)), answered.length === names.length ? new Set([200]) : new Set([200, 503]))
    })
    it('answer a request, and nothing that comes behind its length', async () => {
      const longer = 'POST /echo?n=first HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabcGARBAGE / HTTP/1.1\r\n\r\n'
      const { text, isClosed } = await converse(given.runtime.port, bytesOf([longer, next]))
      assert.deepEqual([toldIn(text), statusesIn(text), isClosed], [['first 3'], [200], true])
    })
    it('forget callers who leave in the middle of a body', async () => {
      const half = 'POST /echo?n=half HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nabc'
      for (let round = 0; round < 20; round++) await sendAndLeave(given.runtime.port, bytesOf([half])[0] as string)
      assert.equal((await given.fetch('/echo?n=healthy')).status, 200)
    })
  })
}
