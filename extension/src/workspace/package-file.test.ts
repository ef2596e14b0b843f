import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { eventually } from '../../test/support/eventually.ts'
import { givenHttpBackend } from '../../test/support/given-http-backend.ts'
import { silentLog } from '../platform/log.ts'
import { Session } from '../session/session.ts'
import { gatewayFolder } from './mirror-paths.ts'
import { PackageFile, placeOf } from './package-file.ts'

async function givenPackageFile(declared: Record<string, string>) {
  const root = await mkdtemp(path.join(tmpdir(), 'imprun-packages-'))
  const backend = await givenHttpBackend()
  const session = new Session(silentLog)
  const view = (dependencies: Record<string, string>) => ({
    gatewayId: 'hometax',
    dependencies,
    resolved: Object.keys(dependencies).map((name) => ({ name, version: '1.0.0' })),
  })
  let current = declared
  backend.on('GET /api-gateways/hometax/packages', () => ({ json: view(current) }))
  backend.on('PUT /api-gateways/hometax/packages', ({ body }) => {
    current = (body as { dependencies: Record<string, string> }).dependencies
    return { json: view(current) }
  })
  session.open({ apiUrl: backend.apiUrl, token: 'secret', userId: 'u', userName: 'kim' })
  await eventually(() => assert.equal(session.status, 'online'))
  const file = path.join(gatewayFolder(root, { apiUrl: backend.apiUrl, gatewayId: 'hometax' }), 'package.json')
  return {
    ...{ backend, file },
    packages: new PackageFile({ root, session, isDirty: () => false, log: silentLog }),
    text: () => readFile(file, 'utf8'),
    beside: (name: string) => readFile(path.join(path.dirname(file), name), 'utf8'),
    async [Symbol.asyncDispose]() {
      session.dispose()
      await backend[Symbol.asyncDispose]()
      await rm(root, { recursive: true, force: true })
    },
  }
}

describe("a gateway's package.json", () => {
  it('shows what the gateway declares, and lets its packages be imported', async () => {
    await using given = await givenPackageFile({ zod: '^4.0.0' })
    await given.packages.bring('hometax')
    assert.deepEqual(JSON.parse(await given.text()).dependencies, { zod: '^4.0.0' })
    assert.match(await given.beside('packages.d.ts'), /declare module 'zod\*'/)
    assert.equal(given.packages.gatewayOf(given.file), 'hometax')
    assert.equal(given.packages.gatewayOf(path.join(path.dirname(given.file), 'orders', 'package.json')), undefined)
  })

  it('declares what is saved in it, and is not overwritten while that was not accepted', async () => {
    await using given = await givenPackageFile({})
    await given.packages.bring('hometax')
    const wanted = '{\n  "dependencies": {\n    "zod": "^4.0.0"\n  }\n}\n'
    await writeFile(given.file, wanted)
    await given.packages.bring('hometax')
    assert.equal(await given.text(), wanted)
    const outcome = await given.packages.save('hometax', wanted)
    assert.ok('packages' in outcome)
    assert.deepEqual(outcome.packages.dependencies, { zod: '^4.0.0' })
    assert.match(await given.beside('packages.d.ts'), /zod/)
  })

  it('names the line of a dependency that can not be had', () => {
    const text = '{\n  "name": "zod",\n  "dependencies": {\n    "nanoid": "5",\n    "lodash.merge": "99"\n  }\n}\n'
    assert.deepEqual(placeOf(text, 'dependencies.lodash.merge'), { line: 5, column: 5, length: 14 })
    assert.deepEqual(placeOf(text, 'body'), { line: 3, column: 3, length: 14 })
  })
})
