import { strict as assert } from 'node:assert'
import { createSecureContext } from 'node:tls'
import { type Certificate, givenAuthority, selfSignedCertificate } from '../support/certificates.ts'
import { type GivenOutside, givenOutside, givenWorkerOutside, type Handler } from '../support/given-outside.ts'
import type { WorkerUnderTest } from '../support/given-worker.ts'

const secureAddress = '93.184.216.34'
const plainAddress = '93.184.216.35'

const handlers: Record<string, Handler> = {
  '/echo': ({ headers }, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ host: headers.host })),
  '/to': ({ url }, response) => response.writeHead(307, { location: new URL(url ?? '', 'http://x').searchParams.get('url') ?? '' }).end(),
}

describe('fetch over TLS', () => {
  let stack: AsyncDisposableStack
  let secure: GivenOutside
  let plain: GivenOutside
  let worker: WorkerUnderTest
  /** Names that were asked for when a connection began. */
  const askedFor: string[] = []

  before(async () => {
    stack = new AsyncDisposableStack()
    const authority = await givenAuthority()
    const certificates: Record<string, Certificate> = {
      'api.test': await authority.issue('api.test'),
      'old.test': await authority.issue('old.test', { endedDaysAgo: 1 }),
      'other.test': await authority.issue('api.test'),
      'self.test': await selfSignedCertificate('self.test'),
    }
    secure = stack.use(
      await givenOutside(handlers, {
        // For those who do not say whom they look for: nobody's.
        ...(await selfSignedCertificate('nobody.test')),
        SNICallback: (name, callback) => {
          askedFor.push(name)
          const certificate = certificates[name]
          callback(null, certificate && createSecureContext(certificate))
        },
      }),
    )
    plain = stack.use(await givenOutside(handlers))
    worker = stack.use(
      await givenWorkerOutside({
        names: { ...Object.fromEntries(Object.keys(certificates).map((name) => [name, [[secureAddress]]])), 'plain.test': [[plainAddress]] },
        ports: { [secureAddress]: secure.port, [plainAddress]: plain.port },
        authority: authority.cert,
      }),
    )
  })
  after(() => stack.disposeAsync())
  const run = async (source: string): Promise<unknown> =>
    JSON.parse((await worker.answerOf(`try { ${source} } catch (error) { return { name: error.name, ...error.cause, message: error.message } }`)).text)
  const failure = (reason: string, message: string) => ({ name: 'TypeError', code: 'EGRESS_FAILED', reason, message: `The fetch failed: ${message}.` })

  it('asks for the host by its name and checks the certificate for it, though it connects to an address that was judged', async () => {
    askedFor.length = 0
    const source = `const answer = await fetch('https://api.test/echo'); return { status: answer.status, url: answer.url, host: (await answer.json()).host }`
    assert.deepEqual(await run(source), { status: 200, url: 'https://api.test/echo', host: 'api.test' })
    assert.deepEqual(askedFor, ['api.test'])
    assert.equal(secure.arrived.at(-1)?.headers.host, 'api.test')
  })
  it('follows a redirect from http to https', async () => {
    const source = `const answer = await fetch('http://plain.test/to?url=https://api.test/echo'); return { status: answer.status, url: answer.url, redirected: answer.redirected }`
    assert.deepEqual(await run(source), { status: 200, url: 'https://api.test/echo', redirected: true })
  })
  it('refuses a certificate that nobody vouches for, and says so', async () => {
    const arrived = secure.arrived.length
    assert.deepEqual(
      await run(`return (await fetch('https://self.test/echo')).status`),
      failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'the host’s certificate is signed by itself and by no authority'),
    )
    assert.equal(secure.arrived.length, arrived, 'Nothing was sent to it.')
  })
  it('refuses it also at the end of a redirect', async () => {
    const got = (await run(`return (await fetch('http://plain.test/to?url=https://self.test/echo')).status`)) as { reason: string }
    assert.equal(got.reason, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  })
  it("refuses another host's certificate, and one that has expired", async () => {
    assert.deepEqual(
      await run(`return (await fetch('https://other.test/echo')).status`),
      failure('ERR_TLS_CERT_ALTNAME_INVALID', 'the host’s certificate is for another name'),
    )
    assert.deepEqual(await run(`return (await fetch('https://old.test/echo')).status`), failure('CERT_HAS_EXPIRED', 'the host’s certificate has expired'))
  })
  it('says that a host does not speak TLS', async () => {
    const got = (await run(`return (await fetch('https://plain.test/echo')).status`)) as { code: string; message: string }
    assert.deepEqual([got.code, /TLS/.test(got.message)], ['EGRESS_FAILED', true], JSON.stringify(got))
  })
})
