import { strict as assert } from 'node:assert'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { type GivenRegistry, givenRegistry } from '../support/given-registry.ts'

const rounding = { name: 'rounding', version: '1.2.0', manifest: { main: 'index.js' }, files: { 'index.js': 'exports.down = (value) => Math.floor(value)' } }
const watching = {
  name: 'watching',
  version: '2.0.0',
  manifest: { main: 'index.js', dependencies: { 'deep-down': '^1.0.0' } },
  files: { 'index.js': "exports.watch = require('deep-down')" },
}
const deepDown = {
  name: 'deep-down',
  version: '1.0.1',
  manifest: { main: 'index.js', scripts: { install: 'touch ran' } },
  files: { 'index.js': "module.exports = require('fs').watch" },
}
const forBrowsers = {
  name: 'for-browsers',
  version: '1.0.0',
  manifest: { main: 'node.js', browser: { './node.js': './browser.js', fs: false } },
  files: {
    'node.js': "exports.place = require('fs') && 'node'",
    'browser.js': "require('fs'); try { require('not-there') } catch {}\nexports.place = 'browser'",
  },
}

const rateModule = (rate: number) => `import { down } from 'rounding'\n\nexport const taxOf = (income: number): number => down(income * ${rate})\n`
const taxFunction = `import { taxOf } from './_lib/tax'

export default async function tax(req, res) {
  return res.json({ tax: taxOf(req.body.income) })
}
`

describe('modules', () => {
  const gatewayId = 'modules'
  let registry: GivenRegistry
  let backend: GivenBackend
  before(async () => {
    registry = await givenRegistry([rounding, watching, deepDown, forBrowsers])
    backend = await givenBackend({ env: registry.env })
    await givenGateway(backend, gatewayId)
  })
  after(async () => {
    await backend?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
  })

  const declare = (dependencies: Record<string, string>) => backend.api.call('putPackages', { params: { gatewayId }, body: { dependencies } })
  const refusedPackages = (dependencies: Record<string, string>) => backend.api.refusal('putPackages', { params: { gatewayId }, body: { dependencies } })
  const save = (name: string, code: string, query: { publish?: 'dev' } = { publish: 'dev' }) =>
    backend.api.call('saveFunction', { params: { gatewayId, functionId: name }, query, body: { code } })
  const taxIn = async (environment: 'dev' | 'staging', name = 'tax') =>
    (await callFunction(backend, { gatewayId, environment, name, input: { income: 105 } })).body

  it('serves a function that imports a shared file and a package', async () => {
    const packages = await declare({ rounding: '^1.0.0', 'for-browsers': 'latest' })
    assert.deepEqual(packages.resolved, [
      { name: 'rounding', version: '1.2.0' },
      { name: 'for-browsers', version: '1.0.0' },
    ])
    const module = await backend.api.call('createFunction', { params: { gatewayId }, body: { name: '_lib/tax', code: rateModule(0.1) } })
    assert.equal(module.kind, 'module')
    await givenPublished(backend, gatewayId, 'tax', taxFunction)

    assert.deepEqual(await taxIn('dev'), { tax: 10 })
    const { items } = await backend.api.call('listReleases', { params: { gatewayId, functionId: 'tax' } })
    assert.deepEqual(
      items[0]?.imports?.map(({ file }) => file),
      ['_lib/tax.ts'],
    )
    assert.deepEqual(items[0]?.packages, { lockHash: packages.lockHash, versions: [{ name: 'rounding', version: '1.2.0' }] })
  })

  it('publishes a module inside the functions that import it, and keeps promoted releases as they are', async () => {
    await backend.api.call('promoteFunction', { params: { gatewayId, functionId: 'tax' }, body: { from: 'dev', to: 'staging' } })

    const saved = await save('_lib/tax', rateModule(0.2))

    assert.deepEqual(
      saved.republished?.map(({ functionName, deployment }) => [functionName, deployment?.status, deployment?.version]),
      [['tax', 'SUCCESS', '1.0.1']],
    )
    assert.deepEqual(await taxIn('dev'), { tax: 21 })
    assert.deepEqual(await taxIn('staging'), { tax: 10 })
    assert.equal((await callFunction(backend, { gatewayId, environment: 'dev', name: '_lib/tax' })).status, 404)
  })

  it('is not live in dev while what imports it was bundled with an older text', async () => {
    const saved = await save('_lib/tax', rateModule(0.25), {})
    const notLive = async () =>
      (await backend.api.call('listFunctions', { params: { gatewayId } })).items.filter((each) => !each.isLiveInDev).map(({ name }) => name)

    assert.equal(saved.function.isLiveInDev, false)
    assert.deepEqual(await notLive(), ['_lib/tax', 'tax'])
    assert.equal((await save('_lib/tax', rateModule(0.25))).function.isLiveInDev, true)
    assert.deepEqual(await notLive(), [])
    await save('_lib/tax', rateModule(0.2))
  })

  it('does not put live what the author of an importing function has only saved', async () => {
    const { code = '' } = await backend.api.call('getFunction', { params: { gatewayId, functionId: 'tax' } })
    await save('tax', `export default () => ({ tax: 'a draft' })\n`, {})
    const saved = await save('_lib/tax', rateModule(0.3))
    assert.equal(saved.republished?.[0]?.deployment?.status, 'SUCCESS')
    assert.deepEqual(await taxIn('dev'), { tax: 31 })
    assert.equal((await backend.api.call('getFunction', { params: { gatewayId, functionId: 'tax' } })).isLiveInDev, false)
    await save('tax', code)
    await save('_lib/tax', rateModule(0.2))
  })

  it('ends with the last of many saves of a module at once in what imports it', async () => {
    const saves = await Promise.all([0.3, 0.4, 0.5, 0.6].map((rate) => save('_lib/tax', rateModule(rate))))

    for (const { republished = [] } of saves) for (const { refusal } of republished) assert.match(refusal?.code ?? 'none', /^(?:none|DEPLOYMENT_SUPERSEDED)$/)
    const { code } = await backend.api.call('getFunction', { params: { gatewayId, functionId: '_lib/tax' } })
    const rate = Number(/income \* ([\d.]+)/.exec(code ?? '')?.[1])
    assert.deepEqual(await taxIn('dev'), { tax: Math.floor(105 * rate) })
    await save('_lib/tax', rateModule(0.2))
  })

  it('refuses to publish or promote a module by itself, and says where it is served', async () => {
    const params = { gatewayId, functionId: '_lib/tax' }
    for (const problem of [
      await backend.api.refusal('publishFunction', { params, body: { environment: 'dev' } }),
      await backend.api.refusal('promoteFunction', { params, body: { from: 'dev', to: 'staging' } }),
    ]) {
      assert.equal(problem.code, 'MODULE_NOT_PUBLISHABLE')
      assert.match(problem.detail, /inside the functions that import it/)
    }
  })

  it('that are wrong are kept, told at their line, and change nothing that is served', async () => {
    const saved = await save('_lib/tax', 'export const taxOf = (income) => income *\n')
    assert.deepEqual([saved.refusal?.code, saved.refusal?.errors[0]?.file, saved.refusal?.errors[0]?.line], ['CODE_NOT_COMPILING', '_lib/tax.ts', 2])

    const without = await save('_lib/tax', 'export const rate = 1\n')
    assert.deepEqual(
      without.republished?.map(({ functionName, refusal }) => [functionName, refusal?.code, refusal?.errors[0]?.file, refusal?.errors[0]?.line]),
      [['tax', 'CODE_NOT_COMPILING', 'tax.ts', 1]],
    )
    assert.deepEqual(await taxIn('dev'), { tax: 21 })

    const mended = await save('_lib/tax', rateModule(0.3))
    assert.equal(mended.republished?.[0]?.deployment?.status, 'SUCCESS')
    assert.deepEqual(await taxIn('dev'), { tax: 31 })
  })

  it('refuses a bad import with its line and what was probably meant, and the old version serves', async () => {
    const saved = await save('tax', `const unused = 1\n${taxFunction.replace('./_lib/tax', './_lib/tex')}`)

    assert.equal(saved.refusal?.code, 'CODE_NOT_COMPILING')
    const [fault] = saved.refusal.errors
    assert.deepEqual([fault?.file, fault?.line, fault?.column], ['tax.ts', 2, 23])
    assert.match(fault?.message ?? '', /no file "_lib\/tex"\. Did you mean "_lib\/tax"\?/)
    assert.deepEqual(await taxIn('dev'), { tax: 31 })
    await save('tax', taxFunction)
  })

  it('names the way to what a package can not have here, on the line of the author', async () => {
    const { lockHash = '' } = await declare({ rounding: '^1.0.0', 'for-browsers': 'latest', watching: '2' })
    const installed = await readdir(join(backend.home, 'packages', lockHash, 'node_modules', 'deep-down'))
    assert.deepEqual(installed.sort(), ['index.js', 'package.json'], 'no script of a package is run')

    const saved = await save('tax', "import { down } from 'rounding'\nimport { watch } from 'watching'\nexport default () => ({ down, watch })\n")

    const [fault] = saved.refusal?.errors ?? []
    assert.deepEqual([fault?.file, fault?.line, fault?.column], ['tax.ts', 2, 23])
    assert.match(fault?.message ?? '', /tax\.ts -> watching -> deep-down -> fs\. .*imp\.db\(\)/)
    await save('tax', taxFunction)
  })

  it('takes what a package has for browsers', async () => {
    await givenPublished(backend, gatewayId, 'place', "import { place } from 'for-browsers'\nexport default () => ({ place })\n")
    assert.deepEqual(await taxIn('dev', 'place'), { place: 'browser' })
  })

  it('says the line of the file in which a function failed', async () => {
    await backend.api.call('createFunction', {
      params: { gatewayId },
      body: { name: '_lib/failing', code: '// one\n// two\nexport function fail(): never {\n  throw new Error("from below")\n}\n' },
    })
    await givenPublished(backend, gatewayId, 'fails', "import { fail } from './_lib/failing.ts'\nexport default () => fail()\n")
    await callFunction(backend, { gatewayId, environment: 'dev', name: 'fails' })

    const saved = await save('fails', "import { fail } from './_lib/failing'\nfail()\nexport default () => 1\n")

    const [fault] = saved.deployment?.error?.errors ?? []
    assert.deepEqual([saved.deployment?.error?.code, fault?.file, fault?.line], ['CODE_THROWS_AT_LOAD', '_lib/failing.ts', 4])
  })

  it('brings packages back from their lock when their folder is gone', async () => {
    const folder = join(backend.home, 'packages')
    for (const name of await readdir(folder)) if (name !== '.drafts') await rm(join(folder, name), { recursive: true })

    const saved = await save('_lib/tax', rateModule(0.4))

    assert.equal(saved.republished?.[0]?.deployment?.status, 'SUCCESS', JSON.stringify(saved.republished))
    assert.deepEqual(await taxIn('dev'), { tax: 42 })
    const { lockHash } = await backend.api.call('getPackages', { params: { gatewayId } })
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name !== '.drafts'),
      [lockHash],
    )
  })

  it('tells each way in which packages can not be had, and keeps those that were', async () => {
    const before = await backend.api.call('getPackages', { params: { gatewayId } })
    const unknown = await refusedPackages({ rounding: '1', 'no-such-thing': '1' })
    assert.deepEqual([unknown.code, unknown.errors?.[0]?.field], ['PACKAGE_NOT_FOUND', 'dependencies.no-such-thing'])
    const outOfRange = await refusedPackages({ rounding: '^7.0.0' })
    assert.deepEqual([outOfRange.code, outOfRange.errors?.[0]?.field], ['PACKAGE_VERSION_NOT_FOUND', 'dependencies.rounding'])
    for (const range of ['git+https://example.com/a.git', 'file:../x', 'https://example.com/a.tgz', 'someone/repository', 'link:./x']) {
      const refused = await refusedPackages({ rounding: range })
      assert.deepEqual([refused.code, refused.errors?.[0]?.field], ['INPUT_INVALID', 'dependencies.rounding'], range)
    }
    await registry.close()
    assert.equal((await refusedPackages({ 'never-asked-for': '1' })).code, 'REGISTRY_UNREACHABLE')
    assert.deepEqual(await backend.api.call('getPackages', { params: { gatewayId } }), before)
  })
})
