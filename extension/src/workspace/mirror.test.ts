import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ImprunFunction, SavedFunction } from '@imprun/contracts'
import { eventually } from '../../test/support/eventually.ts'
import { givenHttpBackend } from '../../test/support/given-http-backend.ts'
import { sampleDeployment, sampleFunction } from '../../test/support/samples.ts'
import { silentLog } from '../platform/log.ts'
import { Session } from '../session/session.ts'
import { type FileState, FileStatuses } from './file-status.ts'
import { Mirror } from './mirror.ts'
import { MirrorStore } from './mirror-store.ts'
import { PackageFile } from './package-file.ts'
import { Publisher } from './publisher.ts'

const functionPath = '/api-gateways/hometax/functions/id-of-calculateTax'
const served = (version: string) => ({
  environment: 'dev' as const,
  releaseId: `release-${version}`,
  version,
  revision: 1,
  deploymentId: 'd',
  at: '2026-01-01T00:00:00.000Z',
  by: 'kim',
})

/** A mirror with one function, `calculateTax`, that the backend holds as `code` at `revision`. */
async function givenMirror(isPublishingOnSave = true) {
  const root = await mkdtemp(path.join(tmpdir(), 'imprun-mirror-'))
  const backend = await givenHttpBackend()
  const session = new Session(silentLog)
  const statuses = new FileStatuses()
  const store = new MirrorStore(root)
  const settled: FileState[] = []
  const dirty = new Set<string>()
  const publisher = new Publisher({ mirror: store, statuses, apiFor: () => session.current?.api, onSettled: (_, state) => settled.push(state), log: silentLog })
  const mirror = new Mirror({
    ...{ store, statuses, publisher, session, log: silentLog },
    isDirty: (file) => dirty.has(file),
    isPublishingOnSave: () => isPublishingOnSave,
    packages: new PackageFile({ root, session, isDirty: (file) => dirty.has(file), log: silentLog }),
    typesText: async () => '// types',
  })
  const server = { code: 'export default () => 1', revision: 1 }
  const facts = (): ImprunFunction =>
    sampleFunction('calculateTax', { code: server.code, revision: server.revision, isLiveInDev: true, served: [served(`1.0.${server.revision}`)] })
  backend.on(`GET ${functionPath}`, () => ({ json: facts() }))
  backend.on('GET /api-gateways/hometax/functions/calculateTax', () => ({ json: facts() }))
  const accept = (body: unknown): SavedFunction => {
    server.code = (body as { code: string }).code
    server.revision++
    return { function: facts(), deployment: sampleDeployment(`1.0.${server.revision}`) }
  }
  backend.on(`PUT ${functionPath}`, ({ body }) => {
    if ((body as { baseRevision: number }).baseRevision !== server.revision) return { problem: 'REVISION_STALE' }
    return { json: accept(body) }
  })
  session.open({ apiUrl: backend.apiUrl, token: 'secret', userId: 'u', userName: 'kim' })
  await eventually(() => assert.equal(session.status, 'online'))
  const { file, key } = await mirror.bring('hometax', 'id-of-calculateTax')
  return {
    ...{ root, backend, session, statuses, store, publisher, mirror, server, facts, accept, settled, dirty, file, key },
    state: () => statuses.find(file)?.state,
    text: () => readFile(file, 'utf8'),
    puts: () => backend.calls.filter(({ method }) => method === 'PUT'),
    async save(code: string, isAskedFor = true) {
      await writeFile(file, code)
      await mirror.saved(key, code, isAskedFor)
    },
    async [Symbol.asyncDispose]() {
      session.dispose()
      await backend[Symbol.asyncDispose]()
      await rm(root, { recursive: true, force: true })
    },
  }
}

describe('the mirror of a gateway', () => {
  it('writes the function as a real file, with types, settings and manifest beside it', async () => {
    await using given = await givenMirror()
    assert.equal(await given.text(), 'export default () => 1')
    const beside = (name: string) => readFile(path.join(path.dirname(given.file), name), 'utf8')
    assert.equal(await beside('imprun.d.ts'), '// types')
    assert.equal(JSON.parse(await beside('tsconfig.json')).compilerOptions.noImplicitAny, false)
    assert.equal(JSON.parse(await beside('package.json')).name, 'hometax')
  })

  it('brings the modules of the gateway and what the function imports, and tells what a saved module is served in', async () => {
    await using given = await givenMirror()
    const module = sampleFunction('_lib/tax', { code: 'export const rate = 1', revision: 1 })
    const { code: _, ...listed } = module
    given.backend.on('GET /api-gateways/hometax/functions', () => ({ json: { items: [given.facts(), listed, sampleFunction('unrelated')] } }))
    given.backend.on('GET /api-gateways/hometax/functions/id-of-_lib%2Ftax', () => ({ json: module }))
    await given.mirror.bring('hometax', 'id-of-calculateTax')
    const key = { ...given.key, name: '_lib/tax' }
    assert.equal(await given.store.findText(key), module.code)
    assert.equal(await given.store.findText({ ...given.key, name: 'unrelated' }), undefined)

    const deployment = sampleDeployment('1.0.2', { liveMs: 12 })
    given.backend.on('PUT /api-gateways/hometax/functions/id-of-_lib%2Ftax', () => ({
      json: { function: { ...listed, revision: 2 }, republished: [{ functionName: 'calculateTax', deployment }] },
    }))
    await given.publisher.publish(key, 'export const rate = 2')
    assert.deepEqual(given.statuses.find(given.store.file(key))?.state, { kind: 'republished', names: ['calculateTax'], liveMs: 12 })
  })

  it('publishes a save on the revision that the file came from, and tells the measured time', async () => {
    await using given = await givenMirror()
    await given.save('export default () => 2')
    await given.save('export default () => 3')
    assert.deepEqual(
      given.puts().map(({ body }) => (body as { baseRevision: number }).baseRevision),
      [1, 2],
    )
    assert.deepEqual(given.state(), { kind: 'live', version: '1.0.3', liveMs: 38 })
  })

  it('publishes nothing that the editor saved on its own, or while publishing on save is off', async () => {
    await using given = await givenMirror()
    await given.save('export default () => 2', false)
    assert.deepEqual(given.state(), { kind: 'unpublished' })
    await given.save('export default () => 1', false)
    assert.deepEqual(given.state(), { kind: 'inStep' })
    await using off = await givenMirror(false)
    await off.save('export default () => 2')
    assert.deepEqual(off.state(), { kind: 'unpublished' })
    assert.deepEqual([...given.puts(), ...off.puts()], [])
  })

  it('keeps the faults of code that is saved but refused, and takes its revision as the next base', async () => {
    await using given = await givenMirror()
    const fault = { field: 'calculateTax.ts:1:5', message: 'Unexpected ")"', line: 1, column: 5 }
    given.backend.on(`PUT ${functionPath}`, ({ body }) => {
      const { function: saved } = given.accept(body)
      return { json: { function: { ...saved, isLiveInDev: false }, refusal: { code: 'CODE_NOT_COMPILING', detail: 'It does not compile.', errors: [fault] } } }
    })
    await given.save('export default )')
    assert.deepEqual(given.state(), { kind: 'refused', code: 'CODE_NOT_COMPILING', detail: 'It does not compile.', faults: [fault] })
    assert.equal((await given.store.findRecord(given.key))?.revision, 2)
  })

  it('keeps saves while the backend is away, and sends them in the order of saving when it is back', async () => {
    await using given = await givenMirror()
    const order: string[] = []
    let isAway = true
    for (const name of ['calculateTax', 'other']) {
      given.backend.on(`GET /api-gateways/hometax/functions/id-of-${name}`, () => ({ json: sampleFunction(name, { code: 'a' }) }))
      given.backend.on(`PUT /api-gateways/hometax/functions/id-of-${name}`, () => {
        if (isAway) return 'hang up'
        order.push(name)
        return { json: { function: sampleFunction(name, { revision: 2 }), deployment: sampleDeployment('1.0.1') } }
      })
    }
    const other = await given.mirror.bring('hometax', 'id-of-other')
    await writeFile(other.file, 'b')
    await given.mirror.saved(other.key, 'b', true)
    await given.save('c')
    assert.deepEqual([given.state()?.kind, given.statuses.find(other.file)?.state.kind], ['waiting', 'waiting'])
    isAway = false
    await given.publisher.resume()
    assert.deepEqual(order, ['other', 'calculateTax'])
    assert.equal(given.state()?.kind, 'live')
  })

  it('sends the same idempotency key again after a lost answer, and a new one with the next save', async () => {
    await using given = await givenMirror()
    let answers = 0
    given.backend.on(`PUT ${functionPath}`, ({ body }) => (answers++ === 0 ? 'hang up' : { json: given.accept(body) }))
    await given.save('export default () => 2')
    await given.publisher.resume()
    await given.save('export default () => 2')
    const keys = given.puts().map(({ headers }) => headers['idempotency-key'])
    assert.equal(keys[0], keys[1])
    assert.notEqual(keys[1], keys[2])
  })

  it("meets another author's save as a conflict, and overwrites only when told to", async () => {
    await using given = await givenMirror()
    Object.assign(given.server, { code: 'theirs', revision: 5 })
    await given.save('mine')
    assert.deepEqual(given.state(), { kind: 'conflict', by: 'kim', at: '2026-01-01T00:00:00.000Z' })
    assert.equal(await given.text(), 'mine')
    assert.equal(given.server.code, 'theirs')
    await given.publisher.publish(given.key, 'mine', 5)
    assert.equal(given.server.code, 'mine')
    assert.equal(given.state()?.kind, 'live')
  })

  it('finds no conflict where both saved the same text', async () => {
    await using given = await givenMirror()
    Object.assign(given.server, { code: 'same', revision: 5 })
    await given.save('same')
    assert.deepEqual(given.state(), { kind: 'inStep' })
    assert.equal((await given.store.findRecord(given.key))?.revision, 5)
  })

  it('rewrites a file that nobody touched when the server has a newer text', async () => {
    await using given = await givenMirror()
    Object.assign(given.server, { code: 'theirs', revision: 2 })
    given.session.onEvent((event) => void given.mirror.accept(event))
    const { code: _, ...withoutCode } = given.facts()
    given.backend.send({ type: 'function', function: withoutCode })
    await eventually(async () => assert.equal(await given.text(), 'theirs'))
    assert.equal((await given.store.findRecord(given.key))?.revision, 2)
  })

  it('takes no notice of an event that a later answer has overtaken', async () => {
    await using given = await givenMirror()
    const before = given.facts()
    await given.save('export default () => 2')
    await given.save('export default () => 3')
    await given.mirror.accept({ type: 'function', function: before })
    assert.equal((await given.store.findRecord(given.key))?.revision, 3)
    assert.equal(await given.text(), 'export default () => 3')
    assert.equal(given.statuses.find(given.file)?.facts?.revision, 3)
    await given.save('export default () => 4')
    assert.equal(given.state()?.kind, 'live')
  })

  it('never rewrites a file with changes of its own, saved or not', async () => {
    await using given = await givenMirror()
    Object.assign(given.server, { code: 'theirs', revision: 2 })
    given.dirty.add(given.file)
    await given.mirror.accept({ type: 'function', function: given.facts() })
    assert.equal(await given.text(), 'export default () => 1')
    given.dirty.clear()
    await writeFile(given.file, 'mine')
    await given.mirror.accept({ type: 'function', function: given.facts() })
    assert.equal(await given.text(), 'mine')
    assert.equal((await given.store.findRecord(given.key))?.revision, 1)
  })

  it('forgets a function that was removed, but not the changes in its file', async () => {
    await using given = await givenMirror()
    await writeFile(given.file, 'mine')
    await given.mirror.accept({ type: 'functionGone', gatewayId: 'hometax', functionId: 'id-of-calculateTax' })
    assert.equal(await given.text(), 'mine')
    assert.equal(await given.store.findRecord(given.key), undefined)
    assert.equal(given.state(), undefined)
  })

  it('finds what an earlier window left: sends what waited, and only marks what was never saved on purpose', async () => {
    await using given = await givenMirror()
    await writeFile(given.file, 'export default () => 2')
    given.statuses.clear()
    await given.mirror.findLeftovers()
    assert.deepEqual(given.state(), { kind: 'unpublished' })
    await given.store.markWaiting(given.key)
    given.statuses.clear()
    await given.mirror.findLeftovers()
    assert.equal(given.state()?.kind, 'live')
    assert.equal((await given.store.findRecord(given.key))?.isWaiting, undefined)
  })

  describe('when its author asks for a release', () => {
    it('saves without publishing, and publishes once, as it is wished', async () => {
      await using given = await givenMirror()
      given.backend.on(`PUT ${functionPath}`, ({ body }) => ({ json: { function: given.accept(body).function } }))
      given.backend.on(`POST ${functionPath}/publish`, () => ({ json: sampleDeployment('1.1.0') }))
      await given.publisher.release(given.key, 'export default () => 2', { bump: 'minor', notes: 'Faster.' })

      assert.deepEqual([given.puts().length, given.puts()[0]?.query.get('publish')], [1, null])
      const publishes = given.backend.calls.filter(({ path: called }) => called.endsWith('/publish'))
      assert.deepEqual(
        publishes.map(({ body }) => body),
        [{ environment: 'dev', bump: 'minor', notes: 'Faster.' }],
      )
      assert.deepEqual(given.state(), { kind: 'live', version: '1.1.0', liveMs: 38 })
    })

    it('leaves nothing to send to the save that follows, and publishes with the next', async () => {
      await using given = await givenMirror()
      given.backend.on(`PUT ${functionPath}`, ({ body }) => ({ json: given.accept(body) }))
      given.backend.on(`POST ${functionPath}/publish`, () => ({ json: sampleDeployment('1.1.0') }))
      await given.publisher.release(given.key, 'export default () => 2', { bump: 'minor' })
      const putCounts: number[] = []
      for (let round = 0; round < 2; round++) {
        await given.save('export default () => 2')
        putCounts.push(given.puts().length)
      }
      assert.deepEqual(putCounts, [1, 2])
    })

    it('saves nothing that is saved, and shows a refusal as that of any publish', async () => {
      await using given = await givenMirror()
      given.backend.on(`POST ${functionPath}/publish`, () => ({ problem: 'CODE_NOT_COMPILING', detail: 'No.' }))
      await given.publisher.release(given.key, given.server.code, { bump: 'major' })

      assert.equal(given.puts().length, 0)
      assert.deepEqual(given.state(), { kind: 'refused', code: 'CODE_NOT_COMPILING', detail: 'No.', faults: [] })
    })

    it('does not wait for a backend that is away', async () => {
      await using given = await givenMirror()
      given.backend.on(`POST ${functionPath}/publish`, () => 'hang up')
      await assert.rejects(given.publisher.release(given.key, given.server.code, { bump: 'major' }), { code: 'BACKEND_UNREACHABLE' })
      assert.equal(given.state()?.kind, 'unpublished')
    })
  })
})
