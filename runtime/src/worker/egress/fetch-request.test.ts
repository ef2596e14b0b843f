import { strict as assert } from 'node:assert'
import { type FetchRequest, nextHop, readFetchRequest } from './fetch-request.ts'

const headOf = (url: string, headers: string[] = [], method = 'GET'): string => [method, 'follow', url, ...headers].join('\n')
const given = (more: Partial<FetchRequest> = {}): FetchRequest => ({
  url: new URL('https://a.test/start'),
  method: 'POST',
  headers: [
    ['authorization', 'x'],
    ['cookie', 'y'],
    ['content-type', 'text/plain'],
    ['x-own', 'z'],
  ],
  redirect: 'follow',
  ...more,
})
const namesOf = (request: FetchRequest | undefined): string[] => request?.headers.map(([name]) => name) ?? []

describe('the request of a fetch', () => {
  it('keeps the connection’s own headers out, and brings those that everybody sends', () => {
    const { headers } = readFetchRequest(headOf('http://a.test/', ['Host', 'b.test', 'transfer-encoding', 'chunked', 'x-own', '1']))
    assert.deepEqual(headers.map(([name]) => name).sort(), ['accept', 'accept-encoding', 'user-agent', 'x-own'])
  })
  for (const [what, head] of [
    ['no text', undefined],
    ['a URL that is none', headOf('nonsense')],
    ['a scheme that is not the web’s', headOf('file:///etc/passwd')],
    ['a URL with a password', headOf('http://a:b@c.test/')],
    ['a method that opens tunnels', headOf('http://a.test/', [], 'CONNECT')],
    ['a method that is none', headOf('http://a.test/', [], 'GET /x')],
    ['a header that is two', headOf('http://a.test/', ['x-a', 'a\rx-evil: b'])],
    ['a header without a name', headOf('http://a.test/', ['', 'a'])],
    ['a head that is too large', headOf('http://a.test/', ['x-a', 'a'.repeat(200_000)])],
  ] as const) {
    it(`is refused with ${what}`, () => assert.throws(() => readFetchRequest(head), { name: 'EgressError' }))
  }

  it('goes on as the Fetch standard says', () => {
    assert.equal(nextHop(given(), 200, '/next'), undefined)
    assert.equal(nextHop(given(), 302, undefined), undefined)
    const [found, seeOther, kept] = [302, 303, 307].map((status) => nextHop(given(), status, '/next'))
    assert.deepEqual([found?.method, seeOther?.method, kept?.method], ['GET', 'GET', 'POST'])
    assert.deepEqual([found?.dropsBody, kept?.dropsBody], [true, false])
    assert.deepEqual(namesOf(found), ['authorization', 'cookie', 'x-own'])
    assert.equal(nextHop(given({ method: 'PUT' }), 302, '/next')?.method, 'PUT')
    assert.equal(nextHop(given({ method: 'HEAD' }), 303, '/next')?.method, 'HEAD')
  })
  for (const location of ['https://b.test/', 'http://a.test/', 'https://a.test:8443/', '//b.test/']) {
    it(`takes no credentials along to ${location}`, () => {
      assert.deepEqual(namesOf(nextHop(given(), 307, location)), ['content-type', 'x-own'])
    })
  }
  it('keeps the fragment where the redirect names none', () => {
    assert.equal(nextHop(given({ url: new URL('https://a.test/start#part') }), 302, '/next')?.url.href, 'https://a.test/next#part')
  })
})
