import { strict as assert } from 'node:assert'
import { createDecipheriv } from 'node:crypto'
import { type ImprunError, isImprunError, type PatchEnvironment, patchEnvironmentSchema } from '@imprun/contracts'
import { createEnvironmentRoutes, type RuntimesPort } from '../../src/environments/environment-routes.ts'
import type { Caller } from '../../src/http/handlers.ts'
import { parseInput } from '../../src/http/input.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { createSecretSealer } from '../../src/variables/secret-sealer.ts'
import { dumpDatabases } from '../support/dump-databases.ts'
import { type GivenLifecycleOptions, givenLifecycle, owner } from '../support/given-lifecycle.ts'

const secretText = 'k-5f0c1b-the-text-of-the-secret-ß'

/** One gateway and the routes of its environments, as the HTTP layer calls them: what comes in has been parsed. */
async function givenSettings(options: GivenLifecycleOptions & { acknowledge?: RuntimesPort['waitForRuntimes'] } = {}) {
  const given = await givenLifecycle(options)
  const { gateways, environments, instances, settings, variables, variableHistory, addresses, database, protect, guardProtected } = given
  const runtimes: RuntimesPort = { waitForRuntimes: options.acknowledge ?? (async () => ({ outcome: 'applied' })) }
  const routes = createEnvironmentRoutes({
    gateways,
    environments,
    instances,
    settings,
    variables,
    variableHistory,
    runtimes,
    addresses,
    protect,
    guardProtected,
    clock: systemClock,
  })
  await given.createGateway({ name: 'Shop', gatewayId: 'shop' })
  await given.reaches('shop', 'Started')
  const facts: Record<string, unknown>[] = []
  const request = (environment: string, account: Caller) => ({
    ...{ params: { gatewayId: 'shop', environment }, query: {}, account, requestId: 'request-1', receivedAtMs: 0 },
    signal: new AbortController().signal,
    audit: (more: Record<string, unknown>) => void facts.push(more),
  })
  const parse = (body: unknown) => {
    const route = { method: 'PATCH', path: '', summary: '', role: 'user', tag: '', status: 200, body: patchEnvironmentSchema } as never
    return parseInput(route, { params: {}, query: {}, body }).body as PatchEnvironment
  }
  return {
    ...given,
    facts,
    parse,
    get: (environment = 'dev', account = owner) => routes.getEnvironment({ ...request(environment, account), body: undefined }),
    patch: async (body: unknown, environment = 'dev', account = owner) => routes.patchEnvironment({ ...request(environment, account), body: parse(body) }),
    dump: () => dumpDatabases(database),
  }
}
type GivenSettings = Awaited<ReturnType<typeof givenSettings>>

const refusedAs = (code: ImprunError['code'], text: RegExp) => (error: unknown) => {
  assert.ok(isImprunError(error), String(error))
  assert.equal(error.code, code)
  assert.match(error.message, text)
  assert.doesNotMatch(JSON.stringify([error.message, error.errors, error.facts]), /secret-ß/)
  return true
}
const storedSecret = async ({ database }: GivenSettings, name: string): Promise<string> => {
  const document = await database.gateway('shop').collection('__variables').findOne({ environment: 'dev' })
  return document?.variables[name].secret
}

describe("an environment's settings and variables in the API", () => {
  let given: GivenSettings
  before(async () => {
    given = await givenSettings()
  })
  after(() => given?.[Symbol.asyncDispose]())

  it('are the defaults before anybody has set one', async () => {
    const { limits, egress, variables } = await given.get()
    assert.deepEqual(limits, { timeoutMs: 30_000, memoryMb: 256, concurrency: 100, bodyBytesMax: 1_048_576, responseBytesMax: 33_554_432 })
    assert.deepEqual([egress, variables], [{ allow: [], deny: [] }, {}])
  })

  it('change only where the patch names them, in one environment', async () => {
    await given.patch({ limits: { timeoutMs: 1000 }, egress: { deny: ['Example.COM', '10.0.0.0/8'] } })
    await given.patch({ limits: { memoryMb: 64 }, egress: { allow: ['*.api.test:8443', '[::1]:80', '192.168.0.1'] } })
    const { limits, egress, authType } = await given.get()
    assert.deepEqual([limits.timeoutMs, limits.memoryMb, limits.concurrency, authType], [1000, 64, 100, 'none'])
    assert.deepEqual(egress, { allow: ['*.api.test:8443', '[::1]:80', '192.168.0.1'], deny: ['example.com', '10.0.0.0/8'] })
    const stored = await given.database.gateway('shop').collection('__environments').findOne({ environment: 'dev' })
    assert.deepEqual([stored?.limits, stored?.egress], [limits, egress])
    assert.equal((await given.get('prod')).limits.timeoutMs, 30_000)
  })

  for (const [what, patch, text] of [
    ['an empty patch', {}, /Give at least one/],
    ['a limit out of range', { limits: { memoryMb: 1 } }, /limits\.memoryMb/],
    ['a limit that there is not', { limits: { threads: 1 } }, /limits\.threads: There is no such field/],
    ['an egress entry that means nothing', { egress: { allow: ['http://a.test/x'] } }, /egress\.allow\.0: Use a host/],
    ['an address that is none', { egress: { deny: ['300.1.1.1'] } }, /egress\.deny\.0/],
    ['a port that is none', { egress: { deny: ['a.test:70000'] } }, /egress\.deny\.0/],
    ['a name with a space', { variables: { 'A B': secretText } }, /variables\.A B: Use letters/],
    ['a name that begins with a digit', { variables: { '1A': secretText } }, /variables\.1A/],
    ['a value that is no text', { variables: { A: 1 } }, /variables\.A: Give a text/],
    [
      'a value that is too long',
      { variables: { GOOD: 'x', LONG: `${secretText}${'x'.repeat(32 * 1024)}` } },
      /variables\.LONG: The value has \d+ bytes; at most 32768/,
    ],
    [
      'more than an environment may have',
      { variables: Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`V${at}`, 'x'])) },
      /201 variables; at most 200/,
    ],
    [
      'more bytes than an environment may have',
      { variables: Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`V${at}`, { value: 'x'.repeat(30_000), secret: at % 2 === 0 }])) },
      /variables\.V4: All variables together would have 150010 bytes; at most 131072/,
    ],
  ] as const) {
    it(`refuse ${what}, and nothing is changed`, async () => {
      const before = await given.get('staging')
      await assert.rejects(given.patch(patch, 'staging'), refusedAs('INPUT_INVALID', text))
      assert.deepEqual(await given.get('staging'), before)
    })
  }

  it('keep a secret to themselves: no answer, record or database has its text', async () => {
    await given.patch({ variables: { API_KEY: { value: secretText, secret: true }, API_URL: 'https://api.test' } })
    const answer = await given.patch({ variables: { OTHER: 'x' } })
    assert.deepEqual(answer.variables, {
      API_KEY: { secret: true },
      API_URL: { secret: false, value: 'https://api.test' },
      OTHER: { secret: false, value: 'x' },
    })
    assert.deepEqual((await given.get()).variables, answer.variables)
    const everything = (await given.dump()) + JSON.stringify([answer, given.facts, await given.getView('shop')])
    assert.ok(everything.includes('https://api.test'), 'plain values are found, so the search works')
    assert.equal(everything.includes('text-of-the-secret'), false)
    assert.deepEqual(given.facts.at(-2), { variablesSet: ['API_KEY', 'API_URL'], variablesDeleted: [] })
  })

  it('keep a secret secret when it is set anew as a plain text, until that is asked for', async () => {
    await given.patch({ variables: { TOKEN: { value: 'one', secret: true } } })
    assert.deepEqual((await given.patch({ variables: { TOKEN: 'two' } })).variables.TOKEN, { secret: true })
    assert.deepEqual((await given.patch({ variables: { TOKEN: { value: 'three', secret: false } } })).variables.TOKEN, { secret: false, value: 'three' })
    assert.equal('TOKEN' in (await given.patch({ variables: { TOKEN: null } })).variables, false)
  })

  it('seal the same text anew each time, bound to gateway, environment and name', async () => {
    await given.patch({ variables: { ONE: { value: 'same', secret: true }, TWO: { value: 'same', secret: true } } })
    const [one, two] = [await storedSecret(given, 'ONE'), await storedSecret(given, 'TWO')]
    const [version, keyId = '', ...parts] = one.split('.')
    const [iv = Buffer.alloc(0), tag = Buffer.alloc(0), text = Buffer.alloc(0)] = parts.map((part) => Buffer.from(part, 'base64url'))
    const key = createSecretSealer(createSecrets(Buffer.alloc(32, 7))).keysOf('shop')[keyId] ?? ''
    const open = (context: string) => {
      const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv).setAAD(Buffer.from(context)).setAuthTag(tag)
      return decipher.update(text, undefined, 'utf8') + decipher.final('utf8')
    }
    assert.equal(version, 'v1')
    assert.equal(open('shop/dev/ONE'), 'same')
    for (const other of ['shop/dev/TWO', 'shop/prod/ONE', 'store/dev/ONE']) assert.throws(() => open(other))
    assert.notEqual(one.split('.').at(-1), two.split('.').at(-1))
  })

  it('lose none of many changes at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, at) => given.patch({ variables: { [`PARALLEL_${at}`]: String(at) } }, 'prod')))
    assert.equal(Object.keys((await given.get('prod')).variables).length, 20)
  })

  it('work in an installation from before there were any', async () => {
    await given.database.gateway('shop').collection('__variables').drop()
    await given.database.sys.collection('environments').updateMany({}, { $unset: { limits: '', egress: '' } })
    await given.database.sys.collection('variables').deleteMany({})
    const { limits, variables } = await given.patch({ limits: { concurrency: 7 }, variables: { A: '1' } })
    assert.deepEqual([limits.concurrency, limits.timeoutMs, variables], [7, 30_000, { A: { secret: false, value: '1' } }])
  })

  it('are for the owner alone', async () => {
    const stranger: Caller = { userId: 'user-2', name: 'eve' }
    await assert.rejects(given.get('dev', stranger), refusedAs('GATEWAY_NOT_FOUND', /./))
    await assert.rejects(given.patch({ variables: { A: '1' } }, 'dev', stranger), refusedAs('GATEWAY_NOT_FOUND', /./))
  })

  it('are gone from the backend with their gateway', async () => {
    const count = () => given.database.sys.collection('variables').countDocuments({ gatewayId: 'shop' })
    assert.ok((await count()) > 0)
    await given.variables.removeAll('shop')
    assert.equal(await count(), 0)
  })
})

describe('a change of settings that a runtime does not confirm', () => {
  it('says who has not, and the same call again is to be sure', async () => {
    let isLate = true
    const revisions: number[] = []
    await using given = await givenSettings({
      acknowledge: async (_gatewayId, _environment, revision) => {
        revisions.push(revision)
        return isLate ? { outcome: 'late', runtimeIds: ['runtime-7'] } : { outcome: 'applied' }
      },
    })
    await assert.rejects(given.patch({ variables: { A: { value: secretText, secret: true } } }), refusedAs('RUNTIME_NOT_ACKNOWLEDGED', /runtime-7/))
    isLate = false
    assert.deepEqual((await given.patch({ variables: { A: { value: secretText, secret: true } } })).variables, { A: { secret: true } })
    assert.ok(Number(revisions[1]) > Number(revisions[0]))
  })
})
