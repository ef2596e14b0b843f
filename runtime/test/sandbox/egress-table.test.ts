import { strict as assert } from 'node:assert'
import type { GivenOutside } from '../support/given-outside.ts'
import { givenOutside, givenWorkerOutside, type PlayedNetwork } from '../support/given-outside.ts'
import type { WorkerUnderTest } from '../support/given-worker.ts'

/** What a function makes of a fetch: the answer's text, or the rule (else the code) that it failed by. */
const visitor = `export default async (req) => {
  const { url, init } = req.body
  try {
    const answer = await fetch(url, init)
    return { verdict: await answer.text() }
  } catch (error) {
    return { verdict: error.cause?.rule ?? error.cause?.code ?? error.name, isTypeError: error instanceof TypeError, message: error.message }
  }
}`
type Verdict = { verdict: string; isTypeError?: boolean; message?: string }

const publicAddress = '93.184.216.34'
const publicAddress6 = '2606:2800:220:1::1'

async function visit(worker: WorkerUnderTest, url: string, init: Record<string, unknown> = {}): Promise<Verdict> {
  const { index } = await worker.load(visitor)
  const answer = await worker.call(index, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url, init }) })
  return JSON.parse(answer.text) as Verdict
}

/** URL and verdict; `open` is what the server behind the public addresses says. */
const table: [url: string, verdict: string][] = [
  [`http://${publicAddress}/`, 'open'],
  [`http://[${publicAddress6}]/`, 'open'],
  ['http://public.test/', 'open'],
  ['http://PUBLIC.test./', 'open'],
  ['http://public.test:8080/', 'open'],
  // This machine, by every spelling.
  ['http://127.0.0.1/', 'loopback'],
  ['http://127.0.0.1:27117/', 'loopback'],
  ['http://127.255.255.254/', 'loopback'],
  ['http://127.1/', 'loopback'],
  ['http://2130706433/', 'loopback'],
  ['http://0x7f000001/', 'loopback'],
  ['http://0177.0.0.1/', 'loopback'],
  ['http://0x7f.0.0.0x1/', 'loopback'],
  ['http://%31%32%37.0.0.1/', 'loopback'],
  ['http://①②⑦.⓪.⓪.①/', 'loopback'],
  ['http://[::1]/', 'loopback'],
  ['http://[0:0:0:0:0:0:0:1]/', 'loopback'],
  ['http://[::ffff:127.0.0.1]/', 'loopback'],
  ['http://[::ffff:7f00:1]/', 'loopback'],
  ['http://[::127.0.0.1]/', 'reserved'],
  ['http://[64:ff9b::7f00:1]/', 'loopback'],
  ['http://localhost/', 'loopback'],
  ['http://LOCALHOST./', 'loopback'],
  ['http://anything.localhost/', 'loopback'],
  ['http://0.0.0.0/', 'unspecified'],
  ['http://0/', 'unspecified'],
  ['http://[::]/', 'unspecified'],
  // Private networks.
  ['http://10.0.0.1/', 'private'],
  ['http://167772161/', 'private'],
  ['http://172.16.0.1/', 'private'],
  ['http://172.31.255.255/', 'private'],
  ['http://192.168.1.1/', 'private'],
  ['http://0xc0a80101/', 'private'],
  ['http://[::ffff:192.168.1.1]/', 'private'],
  ['http://[64:ff9b::a00:1]/', 'private'],
  ['http://[64:ff9b:1::a00:1]/', 'reserved'],
  ['http://100.64.0.1/', 'carrier-grade-nat'],
  ['http://[fd12:3456:789a::1]/', 'unique-local'],
  ['http://[fc00::1]/', 'unique-local'],
  ['http://[fec0::1]/', 'reserved'],
  // Where clouds keep credentials.
  ['http://169.254.169.254/latest/meta-data/', 'metadata'],
  ['http://2852039166/', 'metadata'],
  ['http://0xa9.0xfe.0xa9.0xfe/', 'metadata'],
  ['http://[::ffff:a9fe:a9fe]/', 'metadata'],
  ['http://169.254.170.2/', 'metadata'],
  ['http://100.100.100.200/', 'metadata'],
  ['http://168.63.129.16/', 'metadata'],
  ['http://192.0.0.192/', 'metadata'],
  ['http://[fd00:ec2::254]/', 'metadata'],
  ['http://metadata.google.internal/', 'metadata'],
  ['http://169.254.1.1/', 'link-local'],
  ['http://[fe80::1]/', 'link-local'],
  // What belongs to nobody.
  ['http://192.0.2.1/', 'reserved'],
  ['http://198.51.100.7/', 'reserved'],
  ['http://203.0.113.7/', 'reserved'],
  ['http://198.18.0.1/', 'reserved'],
  ['http://192.88.99.1/', 'reserved'],
  ['http://240.0.0.1/', 'reserved'],
  ['http://255.255.255.255/', 'broadcast'],
  ['http://224.0.0.1/', 'multicast'],
  ['http://[ff02::1]/', 'multicast'],
  ['http://[2001:db8::1]/', 'reserved'],
  ['http://[2002:7f00:1::]/', 'reserved'],
  ['http://[2002:c0a8:101::1]/', 'reserved'],
  ['http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/', 'reserved'],
  ['http://[3fff::1]/', 'reserved'],
  ['http://[100::1]/', 'reserved'],
  ['http://[4000::1]/', 'reserved'],
  // Names that lead inside.
  ['http://inside.test/', 'private'],
  ['http://loop.test/', 'loopback'],
  ['http://loop6.test/', 'loopback'],
  ['http://mapped.test/', 'loopback'],
  ['http://both.test/', 'private'],
  ['http://nobody.test/', 'EGRESS_FAILED'],
  // What is no plain web request.
  [`http://${publicAddress}:25/`, 'port'],
  [`http://${publicAddress}:22/`, 'port'],
  [`http://${publicAddress}:6379/`, 'port'],
  [`http://${publicAddress}:27017/`, 'port'],
  ['ftp://public.test/', 'scheme'],
  ['file:///etc/passwd', 'scheme'],
  ['data:text/plain,hello', 'scheme'],
  ['http://user:password@public.test/', 'credentials'],
  ['http://database.test:27099/', 'database'],
]

describe('the egress guard', () => {
  let outside: GivenOutside
  let inside: GivenOutside
  const names: PlayedNetwork['names'] = {
    'public.test': [[publicAddress]],
    'inside.test': [['10.1.2.3']],
    'loop.test': [['127.0.0.1']],
    'loop6.test': [['::1']],
    'mapped.test': [['::ffff:127.0.0.1']],
    'both.test': [[publicAddress, '10.1.2.3']],
    'metadata.google.internal': [['169.254.169.254']],
    'database.test': [[publicAddress]],
  }
  const givenGuarded = (more: PlayedNetwork['names'] = {}) =>
    givenWorkerOutside(
      { names: { ...names, ...more }, ports: { [publicAddress]: outside.port, [publicAddress6]: outside.port } },
      { dataUri: 'mongodb://user:secret@database.test:27099,10.9.9.9:27018/data?tls=true' },
    )
  before(async () => {
    inside = await givenOutside({ '/': (_request, response) => response.end('secret') })
    outside = await givenOutside({
      '/': (_request, response) => response.end('open'),
      '/to': (request, response) =>
        response.writeHead(302, { location: new URL(request.url ?? '', 'http://x').searchParams.get('url') ?? '' }).end('a redirect'),
    })
  })
  after(async () => {
    await outside?.[Symbol.asyncDispose]()
    await inside?.[Symbol.asyncDispose]()
  })

  it(`judges ${table.length} addresses and URLs, and connects to none that it refuses`, async () => {
    await using worker = await givenGuarded()
    const found: typeof table = []
    for (const [url] of table) found.push([url, (await visit(worker, url)).verdict])
    assert.deepEqual(found, table)
    assert.equal(outside.arrived.length, table.filter(([, verdict]) => verdict === 'open').length)
  })

  it('says in a TypeError which rule refused, and never what a name resolved to', async () => {
    await using worker = await givenGuarded()
    const { isTypeError, message = '' } = await visit(worker, 'http://inside.test/')
    assert.equal(isTypeError, true)
    assert.match(message, /inside\.test:80 was refused: it is a private address/)
    assert.doesNotMatch(message, /10\.1\.2\.3/)
  })

  describe('on redirects', () => {
    let worker: WorkerUnderTest
    before(async () => {
      worker = await givenGuarded()
    })
    after(() => worker?.[Symbol.asyncDispose]())
    const targets: [target: string, verdict: string][] = [
      ['http://127.0.0.1:{inside}/', 'loopback'],
      ['http://localhost:{inside}/', 'loopback'],
      ['http://[::ffff:127.0.0.1]:{inside}/', 'loopback'],
      ['http://inside.test/', 'private'],
      ['http://169.254.169.254/latest/meta-data/', 'metadata'],
      ['//10.0.0.1/', 'private'],
      ['file:///etc/passwd', 'scheme'],
      ['http://user:password@public.test/', 'credentials'],
      ['http://public.test/', 'open'],
    ]
    for (const [target, verdict] of targets) {
      it(`judges each hop: ${target}`, async () => {
        const last = target.replace('{inside}', String(inside.port))
        const hops = `http://public.test/to?url=${encodeURIComponent(`http://public.test/to?url=${encodeURIComponent(last)}`)}`
        assert.equal((await visit(worker, hops)).verdict, verdict)
        assert.equal(inside.arrived.length, 0)
      })
    }
    it('follows no more than twenty', async () => {
      const before = outside.arrived.length
      const { verdict } = await visit(worker, 'http://public.test/to?url=%3Furl%3D')
      assert.equal(verdict, 'EGRESS_LIMIT')
      assert.equal(outside.arrived.length - before, 21)
    })
  })

  it('is not led astray by a name that answers differently the second time', async () => {
    await using worker = await givenGuarded({ 'rebind.test': [[publicAddress], ['127.0.0.1']] })
    const { verdict } = await visit(worker, 'http://rebind.test/')
    assert.equal(verdict, 'open')
    assert.equal((await visit(worker, `http://rebind.test:${inside.port}/`)).verdict, 'loopback')
    assert.equal(inside.arrived.length, 0)
  })

  describe('with an environment’s lists', () => {
    let worker: WorkerUnderTest
    before(async () => {
      worker = await givenGuarded({ 'a.b.inner.test': [['127.0.0.1']] })
    })
    after(() => worker?.[Symbol.asyncDispose]())
    const cases: [title: string, allow: string[], deny: string[], url: string, verdict: string][] = [
      ['opens a private host by name and port', ['loop.test:{inside}'], [], 'http://loop.test:{inside}/', 'secret'],
      ['opens only that port', ['loop.test:{inside}'], [], 'http://loop.test:9999/', 'loopback'],
      ['opens this machine by name', ['localhost:{inside}'], [], 'http://localhost:{inside}/', 'secret'],
      ['opens an address', ['127.0.0.1'], [], 'http://127.0.0.1:{inside}/', 'secret'],
      ['opens a range', ['127.0.0.0/8'], [], 'http://loop.test:{inside}/', 'secret'],
      ['opens what is below a name', ['*.inner.test'], [], 'http://a.b.inner.test:{inside}/', 'secret'],
      ['does not open the name itself with what is below it', ['*.loop.test'], [], 'http://loop.test:{inside}/', 'loopback'],
      ['takes no longer name for a shorter one', ['oop.test'], [], 'http://loop.test:{inside}/', 'loopback'],
      ['opens no metadata address', ['0.0.0.0/0', '169.254.169.254', '169.254.0.0/16'], [], 'http://169.254.169.254/', 'metadata'],
      ['opens no link-local address', ['169.254.0.0/16'], [], 'http://169.254.1.1/', 'link-local'],
      ['never opens the database by name', ['database.test:27099'], [], 'http://database.test:27099/', 'database'],
      ['never opens the database by address', ['10.0.0.0/8', '10.9.9.9:27018'], [], 'http://10.9.9.9:27018/', 'database'],
      ['never opens the database under another name', ['inside.test:27099'], [], 'http://inside.test:27099/', 'database'],
      ['opens a port that is closed', [`${publicAddress}:25`], [], `http://${publicAddress}:25/`, 'open'],
      ['opens no port by naming the host alone', [publicAddress], [], `http://${publicAddress}:25/`, 'port'],
      ['closes a public name', [], ['public.test'], 'http://public.test/', 'denied'],
      ['closes names below another', [], ['*.test'], 'http://public.test/', 'denied'],
      ['closes a public address whatever its name', [], [publicAddress], 'http://public.test/', 'denied'],
      ['closes a range', [], ['93.184.0.0/16'], 'http://public.test/', 'denied'],
      ['closes a range of IPv6', [], ['2606:2800::/32'], `http://[${publicAddress6}]/`, 'denied'],
      ['closes one port', [], ['public.test:8080'], 'http://public.test:8080/', 'denied'],
      ['leaves the other ports open', [], ['public.test:8080'], 'http://public.test/', 'open'],
      ['lets deny win over allow', ['loop.test'], ['127.0.0.0/8'], 'http://loop.test:{inside}/', 'denied'],
      ['closes an IPv4 address in its IPv6 form', [], [publicAddress], 'http://[::ffff:93.184.216.34]/', 'denied'],
    ]
    for (const [title, allow, deny, url, verdict] of cases) {
      it(title, async () => {
        const fill = (text: string): string => text.replace('{inside}', String(inside.port))
        await worker.configure({ egress: { allow: allow.map(fill), deny: deny.map(fill) } })
        assert.equal((await visit(worker, fill(url))).verdict, verdict)
      })
    }
    it('goes by new lists from the next fetch on, also where a connection is open', async () => {
      await worker.configure({ egress: { allow: [], deny: [] } })
      assert.equal((await visit(worker, 'http://public.test/')).verdict, 'open')
      await worker.configure({ egress: { allow: [`localhost:${inside.port}`], deny: ['public.test'] } })
      assert.equal((await visit(worker, 'http://public.test/')).verdict, 'denied')
      assert.equal((await visit(worker, `http://localhost:${inside.port}/`)).verdict, 'secret')
      await worker.configure({ egress: { allow: [], deny: [] } })
      assert.equal((await visit(worker, `http://localhost:${inside.port}/`)).verdict, 'loopback')
    })
  })
})
