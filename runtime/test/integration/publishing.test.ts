import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'
import { givenLoad } from '../support/given-load.ts'
import { givenMongo } from '../support/given-mongo.ts'
import { givenEnvironment } from '../support/given-runtime.ts'

const answering = (text: string): string => `export default async (req, res) => res.send('${text}')`

describe('publishing', () => {
  const given = servedForSuite()
  const textOf = async (path: string): Promise<string> => (await given().fetch(path)).text()

  it('serves a new function from the moment it is acknowledged', async () => {
    const before = Date.now()
    const live = await given().publishAndWait('hello', answering('one'))
    assert.equal(await textOf('/hello'), 'one')
    assert.deepEqual(live.failures, [])
    assert.ok(live.appliedAt !== undefined && live.appliedAt.getTime() >= before && live.appliedAt.getTime() <= Date.now())
  })

  it('swaps versions under running requests without losing one, and answers none older than acknowledged', async () => {
    await given().publishAndWait('counter', answering('0'))
    const load = givenLoad(given().url('/counter'), 20)
    for (let version = 1; version <= 25; version++) {
      await given().publishAndWait('counter', answering(String(version)))
      assert.equal(await textOf('/counter'), String(version))
    }
    const { failures, answers } = await load.stop()
    assert.deepEqual(failures, [])
    assert.ok(answers > 25)
  })

  it('goes on with the old version when the new one can not load, and says where and why', async () => {
    await given().publishAndWait('careful', answering('good'))
    const revision = await given().publish('careful', `const settings = undefined\n\nexport const size = settings.size\n${answering('bad')}`, {
      version: '1.0.1',
    })
    const { failures } = await given().acknowledged(revision)
    const [failure] = failures
    assert.deepEqual(
      { name: failure?.name, revision: failure?.revision, code: failure?.code, line: failure?.line },
      { name: 'careful', revision, code: 'CODE_THROWS_AT_LOAD', line: 3 },
    )
    assert.match(failure?.message ?? '', /size/)
    assert.equal(await textOf('/careful'), 'good')

    const mended = await given().publishAndWait('careful', answering('better'), { version: '1.0.2' })
    assert.deepEqual(mended.failures, [])
    assert.equal(await textOf('/careful'), 'better')
  })

  it('does not serve a new function that can not load', async () => {
    const { failures } = await given().publishAndWait('broken', 'throw new Error("no")')
    assert.equal(failures[0]?.name, 'broken')
    assert.equal((await given().fetch('/broken')).status, 404)
    await given().acknowledged(await given().remove('broken'))
    assert.deepEqual((await given().live())?.failures, [])
  })

  it('refuses code without a function to call', async () => {
    const { failures } = await given().publishAndWait('empty', 'export const x = 1')
    assert.equal(failures[0]?.code, 'CODE_WITHOUT_DEFAULT_EXPORT')
    await given().acknowledged(await given().remove('empty'))
  })

  it('takes away what was removed', async () => {
    await given().publishAndWait('passing', answering('here'))
    assert.equal((await given().fetch('/passing')).status, 200)
    await given().acknowledged(await given().remove('passing'))
    assert.equal((await given().fetch('/passing')).status, 404)
    await given().publishAndWait('passing', answering('again'))
    assert.equal(await textOf('/passing'), 'again')
  })

  it('changes methods and limits with the version', async () => {
    await given().publishAndWait('narrow', answering('x'), { methods: ['POST'] })
    assert.equal((await given().fetch('/narrow')).status, 405)
    await given().publishAndWait('narrow', answering('x'))
    assert.equal((await given().fetch('/narrow')).status, 200)
  })

  it('comes to rest at the last of many publications that overtake each other', async () => {
    const revisions = await Promise.all(Array.from({ length: 20 }, (_, i) => given().publish('hasty', answering(`h${i}`))))
    const last = revisions.indexOf(Math.max(...revisions))
    await given().acknowledged(Math.max(...revisions))
    assert.equal(await textOf('/hasty'), `h${last}`)
  })

  it('keeps what each environment serves apart', async () => {
    await using mongo = await givenMongo()
    const other = await givenEnvironment(given().runtime, mongo, 'prod')
    await given().publishAndWait('mine', answering('dev'))
    assert.equal((await other.fetch('/mine')).status, 404)
    await other.publishAndWait('mine', answering('prod'))
    assert.deepEqual([await textOf('/mine'), await (await other.fetch('/mine')).text()], ['dev', 'prod'])
  })

  it('acknowledges anew with the next publish when its document was removed', async () => {
    await given().database.collection('__runtimes').deleteMany({})
    await given().publishAndWait('again', `export default (req, res) => res.send('again')`)
    assert.ok(await given().live())
  })

  it('brings what functions write with console, and why they failed, to the log', async () => {
    await given().publishAndWait('noisy', `export default async (req, res) => {\n  console.warn('careful', { a: 1 })\n  throw new Error('it broke')\n}`, {
      version: '1.2.3',
    })
    const response = await given().fetch('/noisy')
    assert.equal(response.status, 500)
    const text = await response.text()
    assert.equal(text.includes('it broke'), false)
    const requestId = response.headers.get('x-request-id') as string
    await eventually(async () => {
      const lines = await given().database.collection('__logs').find({ requestId }).sort({ _id: 1 }).toArray()
      assert.deepEqual(
        lines.map(({ level, functionName, version, environment }) => ({ level, functionName, version, environment })),
        ['warn', 'error'].map((level) => ({ level, functionName: 'noisy', version: '1.2.3', environment: 'dev' })),
      )
      assert.match(lines[0]?.message, /careful/)
      assert.match(lines[1]?.message, /it broke/)
    })
  })
})
