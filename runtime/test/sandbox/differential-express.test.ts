// The same handlers in a real Express 5 server and in a real runtime, over raw HTTP: status, headers and bytes are the same, but for the differences that
// are meant, each of which is listed with its reason and asserted too.
import { strict as assert } from 'node:assert'
import type { GivenEnvironment } from '../support/given-runtime.ts'
import { type GivenServed, givenServed } from '../support/given-served.ts'
import { type Case, cases } from './differential/cases.ts'
import { differences } from './differential/differences.ts'
import { type GivenExpress, givenExpress } from './differential/given-express.ts'
import { exchange, type RawRequest, type RawResponse } from './differential/raw-exchange.ts'

/** Set by the server or its framework, not by the handler. The connection is closed after each request, so how it is kept says nothing here. */
const notCompared = ['date', 'x-request-id', 'connection', 'keep-alive']

const labelOf = ({ method = 'GET', target = '/suite', headers, body }: RawRequest): string =>
  [
    method,
    target.slice(0, 60),
    headers && JSON.stringify(headers),
    typeof body === 'string' ? JSON.stringify(body.slice(0, 40)) : body && `${body.length} bytes`,
  ]
    .filter(Boolean)
    .join(' ')

/** An ETag is compared where imprun sends one; that it does not elsewhere is one of the differences. */
function compared({ status, headers, body }: RawResponse, { method = 'GET' }: RawRequest): Omit<RawResponse, 'reason'> {
  const left = method === 'GET' || method === 'HEAD' ? notCompared : [...notCompared, 'etag']
  const kept = Object.entries(headers).filter(([name]) => !left.includes(name))
  return { status, headers: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))), body }
}

describe('imprun beside Express 5', () => {
  let served: GivenServed
  let given: GivenEnvironment
  let express: GivenExpress
  const handlers = [...cases.map(([handler]) => handler), ...differences.map(({ handler }) => handler)]
  const ask = async (index: number, request: RawRequest): Promise<{ express: RawResponse; imprun: RawResponse }> => {
    const chosen = { ...request, headers: { ...request.headers, 'X-Case': String(index) } }
    const [theirs, ours] = await Promise.all([exchange(express.port, given.host, chosen), exchange(given.runtime.port, given.host, chosen)])
    return { express: theirs, imprun: ours }
  }

  before(async () => {
    served = await givenServed()
    given = served.given
    express = await givenExpress(handlers)
    await given.publishAndWait(
      'suite',
      `const handlers = [\n${handlers.join(',\n')}\n]\nexport default (req, res) => handlers[Number(req.get('x-case'))](req, res)`,
    )
  })
  after(async () => {
    await express?.[Symbol.asyncDispose]()
    await served?.[Symbol.asyncDispose]()
  })

  describe('is the same', () => {
    for (const [index, [handler, ...requests]] of cases.entries() as Iterable<[number, Case]>) {
      for (const request of requests) {
        it(`${handler} | ${labelOf(request)}`, async () => {
          const { express: theirs, imprun: ours } = await ask(index, request)
          assert.deepEqual(compared(ours, request), compared(theirs, request))
        })
      }
    }
  })

  describe('is meant to differ', () => {
    for (const [at, { reason, handler, request, express: inExpress, imprun: inImprun }] of differences.entries()) {
      it(`${reason} | ${handler} | ${labelOf(request)}`, async () => {
        const { express: theirs, imprun: ours } = await ask(cases.length + at, request)
        inExpress(theirs)
        inImprun(ours)
      })
    }
  })
})
