import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'

/** Modules that return something for JSON; run by Node and by a function. */
const snippets: Record<string, string> = {
  buffer: `import { Buffer } from 'node:buffer'
const bytes = Buffer.from('한국어 tax', 'utf8')
export default () => [
  bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), Buffer.from(bytes.toString('base64url'), 'base64url').toString(),
  bytes.length, Buffer.byteLength('é'), Buffer.concat([bytes, Buffer.alloc(2, 1)]).readUInt16BE(bytes.length), bytes.subarray(0, 3).equals(bytes),
  Buffer.from([1, 2, 3]).toJSON(), Buffer.isBuffer(bytes), Buffer.compare(Buffer.from('a'), Buffer.from('b')), bytes.indexOf('tax'),
  Buffer.from('ff00', 'hex').readInt8(0), Buffer.isEncoding('base64url'), Buffer.from('latin é', 'latin1').toString('latin1'),
]`,
  globals: `export default () => [
  Buffer.from('a').toString('hex'), typeof process.nextTick, typeof process.version, process.platform, Object.keys(process.env).includes('NOT_THERE'), typeof setImmediate, typeof global,
]`,
  nextTick: `export default async () => {
  const order = []
  await new Promise((resolve) => { process.nextTick((value) => { order.push(value); resolve() }, 'tick'); order.push('now') })
  return order
}`,
  crypto: `import crypto, { createHash, createHmac } from 'crypto'
const algorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'ripemd160', 'blake2b512', 'RSA-SHA256']
export default () => [
  algorithms.map((name) => createHash(name).update('tax').update(Buffer.from('한')).digest('hex')),
  algorithms.slice(0, 6).map((name) => createHmac(name, 'key').update('tax').digest('base64')),
  createHash('sha256').update('00ff', 'hex').digest().toString('base64url'), createHash('sha1').copy().digest('hex'),
  crypto.randomBytes(12).length, /^[0-9a-f-]{36}$/.test(crypto.randomUUID()), crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')),
  crypto.pbkdf2Sync('secret', 'salt', 10, 32, 'sha256').toString('hex'), crypto.scryptSync('secret', 'salt', 16, { N: 16 }).toString('hex'),
  Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 16)).toString('hex'), [0, 1, 2].includes(crypto.randomInt(3)),
  createHmac('sha256', crypto.createSecretKey(Buffer.from('key'))).update('tax').digest('hex'), crypto.createSecretKey('ab', 'hex').export().length, crypto.createSecretKey(Buffer.from('key')).type,
  (() => { try { createHash('nope') } catch (error) { return error.message } })(),
  (() => { try { crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab')) } catch (error) { return [error.code, error.message] } })(),
]`,
  events: `import { EventEmitter, once } from 'node:events'
import Emitter from 'events'
class Orders extends EventEmitter {}
export default async () => {
  const seen = []
  const orders = new Orders()
  orders.on('order', (...values) => seen.push(['on', ...values])).prependListener('order', () => seen.push('first'))
  orders.once('order', () => seen.push('once'))
  setTimeout(() => orders.emit('later', 7), 1)
  const [later] = await once(orders, 'later')
  return [orders.emit('order', 1, 2), orders.emit('order', 3), orders.emit('nobody'), orders.listenerCount('order'), orders.eventNames(), seen, later, Emitter === EventEmitter,
    (() => { try { orders.emit('error', new Error('loud')) } catch (error) { return error.message } })()]
}`,
  path: `import path from 'node:path'
import { join } from 'path'
export default () => [join('/a', '../b', './c.ts'), path.resolve('/x', 'y', '..', 'z'), path.basename('/a/b.tar.gz', '.gz'), path.extname('a.b.c'), path.relative('/a/b/c', '/a/d'),
  path.parse('/home/kim/tax.ts'), path.format({ dir: '/a', name: 'b', ext: '.c' }), path.normalize('/a//b/../c/.'), path.isAbsolute('a'), path.sep, path.posix.join('a', 'b'), path.dirname('/a/b')]`,
  url: `import url, { fileURLToPath, pathToFileURL, URL as NodeURL } from 'node:url'
export default () => {
  const { protocol, host, pathname, search, query, hash, auth } = url.parse('https://kim:pw@example.com:8080/a/b?c=d&e=f#g', true)
  return [[protocol, host, pathname, search, { ...query }, hash, auth], url.format({ protocol: 'https', host: 'example.com', pathname: '/a', query: { b: 'c d' } }), url.resolve('https://a.b/c/d', '../e'),
    fileURLToPath('file:///a/b%20c'), pathToFileURL('/a b/c').href, new NodeURL('../x', 'https://a.b/c/d').href]
}`,
  querystring: `import querystring from 'node:querystring'
export default () => [{ ...querystring.parse('a=1&b=2&a=3&c=%ED%95%9C&d') }, querystring.stringify({ a: [1, 2], b: 'c d', e: true, f: '' }), querystring.escape('a&b'), querystring.unescape('a%26b'), { ...querystring.parse('a:1;b:2', ';', ':') }]`,
  util: `import util, { promisify, inspect, format, types, isDeepStrictEqual } from 'node:util'
class Order { constructor() { this.lines = new Map([['a', new Set([1])]]); this.at = new Date(0) } }
export default async () => [
  await promisify((value, done) => done(null, value + 1))(1), await promisify((done) => done(new Error('no')))().catch((error) => error.message),
  inspect({ a: [1, { b: { c: { d: 1 } } }], e: 'f', g: undefined, h: null, i: 10n, j: Symbol('k') }), inspect(new Order(), { depth: 4 }), inspect('text'), inspect([1, , 3]), inspect(new Map([[{ a: 1 }, 'b']])),
  inspect(Buffer.from('abc')), format('%s is %d and %j%%', 'a', 4.5, { b: 1 }, 'rest'), types.isDate(new Date()), types.isRegExp(/a/), types.isPromise(Promise.resolve()), types.isUint8Array(new Uint8Array()),
  isDeepStrictEqual({ a: [1, new Set([2])] }, { a: [1, new Set([2])] }), isDeepStrictEqual([1], ['1']), util.inherits.length, new util.TextDecoder().decode(new util.TextEncoder().encode('한')),
  await promisify(util.callbackify(async (value) => value * 2))(4), util.stripVTControlCharacters('\\u001b[31mred\\u001b[0m'), util.types.isNativeError(new TypeError()),
]`,
  assert: `import assert, { AssertionError } from 'node:assert'
import strict from 'node:assert/strict'
const codeOf = (check) => { try { check(); return 'passed' } catch (error) { return [error instanceof AssertionError, error.code, error.name] } }
export default async () => [codeOf(() => assert(true)), codeOf(() => assert.equal(1, 2)), codeOf(() => assert.deepEqual({ a: 1 }, { a: 1 })), codeOf(() => strict.equal(1, '1')), codeOf(() => assert.throws(() => { throw new TypeError('x') }, TypeError)),
  codeOf(() => strict.deepEqual([1, 2], [1, 3])), await assert.rejects(Promise.reject(new Error('x'))).then(() => 'rejected'), codeOf(() => assert.ok(0)), codeOf(() => assert.match('abc', /b/)),
  (() => { try { assert.strictEqual(1, 2, 'the message') } catch (error) { return [error.actual, error.expected, error.operator] } })()]`,
  string_decoder: `import { StringDecoder } from 'node:string_decoder'
export default () => {
  const decoder = new StringDecoder('utf8')
  const bytes = Buffer.from('한국 €')
  return [[...bytes].map((byte) => decoder.write(Buffer.from([byte]))), decoder.end(), new StringDecoder('base64').write(Buffer.from('ab'))]
}`,
  punycode: `import punycode from 'node:punycode'
export default () => [punycode.toASCII('mañana.com'), punycode.toUnicode('xn--maana-pta.com'), punycode.encode('한국'), punycode.decode('3e0bs9a'), punycode.ucs2.decode('a😀')]`,
  stream: `import { PassThrough, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
export default async () => {
  const parts = []
  const upper = new Transform({ transform: (chunk, _, done) => done(null, String(chunk).toUpperCase()) })
  const end = new PassThrough().on('data', (chunk) => parts.push(String(chunk)))
  await pipeline(Readable.from(['a', 'b']), upper, end)
  const read = []
  for await (const item of Readable.from([1, 2, 3])) read.push(item)
  return [parts, read]
}`,
  require: `export default async () => {
  const { join } = await import('node:path')
  const Emitter = (await import('node:events')).default
  return [join('a', 'b'), typeof Emitter, new Emitter().listenerCount('x')]
}`,
}

describe("Node's own modules in functions", () => {
  const gatewayId = 'node-modules'
  let backend: GivenBackend
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imprun-snippets-'))
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const inNode = async (name: string, code: string): Promise<unknown> => {
    const file = join(folder, `${name}.mjs`)
    await writeFile(file, `${code.replace('export default', 'const run =')}\nconsole.log(JSON.stringify(await run()))\n`)
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-deprecation', file])
    return JSON.parse(stdout)
  }

  for (const [name, code] of Object.entries(snippets)) {
    it(`${name} answers as in Node`, async () => {
      const functionName = `run-${name.replaceAll('_', '-')}`
      await givenPublished(backend, gatewayId, functionName, code)
      const { status, body } = await callFunction(backend, { gatewayId, environment: 'dev', name: functionName })
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(body, await inNode(name, code))
    })
  }
})
