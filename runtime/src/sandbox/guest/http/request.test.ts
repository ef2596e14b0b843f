import { strict as assert } from 'node:assert'
import { BodyNotReadable } from './body-parsing.ts'
import { FunctionRequest } from './request.ts'

const given = (headers: [string, string][] = [], body = '', url = '/orders/list?page=2&tag=a&tag=b') =>
  new FunctionRequest(['POST', url, 'r-1', '10.0.0.1', 'c-1', 'Tax%20office', ...headers.flat()].join('\n'), body)

describe('request', () => {
  it('tells method, path, query, id, ip and who called', () => {
    const request = given()
    const { method, path, url, id, ip, credential, params } = request
    assert.deepEqual(
      { method, path, url, id, ip, credential, params },
      {
        method: 'POST',
        path: '/orders/list',
        url: '/orders/list?page=2&tag=a&tag=b',
        id: 'r-1',
        ip: '10.0.0.1',
        credential: { id: 'c-1', application: 'Tax office' },
        params: {},
      },
    )
    assert.deepEqual({ ...request.query }, { page: '2', tag: ['a', 'b'] })
  })

  it('has no credential when nobody had to show one', () => {
    assert.equal(new FunctionRequest('GET\n/\nr\n::1\n\n', '').credential, undefined)
  })

  it('joins repeated headers as Node does', () => {
    const { headers } = given([
      ['Host', 'a'],
      ['Host', 'b'],
      ['X-A', '1'],
      ['x-a', '2'],
      ['Cookie', 'c=1'],
      ['cookie', 'd=2'],
      ['Set-Cookie', 'e'],
      ['set-cookie', 'f'],
    ])
    assert.deepEqual({ ...headers }, { host: 'a', 'x-a': '1, 2', cookie: 'c=1; d=2', 'set-cookie': ['e', 'f'] })
  })

  it('finds a header whatever its case is', () => {
    const request = given([
      ['Content-Type', 'text/plain'],
      ['Referer', 'x'],
    ])
    assert.deepEqual([request.get('CONTENT-TYPE'), request.header('referrer'), request.get('none')], ['text/plain', 'x', undefined])
  })

  it('reads the body as its type says', () => {
    assert.deepEqual(given([['content-type', 'application/json; charset=utf-8']], '{"a":[1]}').body, { a: [1] })
    assert.deepEqual(given([['content-type', 'application/vnd.api+json']], '[1]').body, [1])
    assert.deepEqual(given([['content-type', 'application/x-www-form-urlencoded']], 'a=1&a=2&b=%C3%BC').body, { a: ['1', '2'], b: 'ü' })
    assert.equal(given([['content-type', 'text/csv']], 'a;b').body, 'a;b')
    assert.deepEqual(given([['content-type', 'image/png']], '\x89PNG\0\xff').body, new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff]))
    assert.deepEqual(given([], 'abc').body, new Uint8Array([97, 98, 99]))
  })

  it('gives an empty object when there is no body, so that it can be destructured', () => {
    assert.deepEqual(given([['content-type', 'application/json']]).body, {})
  })

  it('refuses a body that is not the JSON it says it is', () => {
    assert.throws(() => given([['content-type', 'application/json']], '{"a":'), BodyNotReadable)
  })
})
