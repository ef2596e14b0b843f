import { strict as assert } from 'node:assert'
import { gatewayCollections, type PublishedFunction } from '@imprun/contracts'
import { eventually } from '../support/eventually.ts'
import { type GivenFunctions, givenFunctions, problemOf, request, taxCode } from '../support/given-functions.ts'
import { givenRuntime } from '../support/given-runtime.ts'

const create = ({ routes }: GivenFunctions, code = taxCode(0.1), name = 'calculateTax') =>
  routes.createFunction(request<'createFunction'>({ body: { name, code, limits: {} } }))
const publish = ({ routes }: Pick<GivenFunctions, 'routes'>, environment: 'dev' | 'staging' | 'prod' = 'dev') =>
  routes.publishFunction(request<'publishFunction'>({ body: { environment } }))
const save = ({ routes }: Pick<GivenFunctions, 'routes'>, code: string, baseRevision?: number) =>
  routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code, ...(baseRevision === undefined ? {} : { baseRevision }) } }))

/** A deployment that runs until the runtime resumes, and one that waits behind it. */
async function givenWaiting() {
  await using stack = new AsyncDisposableStack()
  const given = stack.use(await givenFunctions())
  const gateway = await given.givenGateway('hometax')
  const runtime = stack.use(await givenRuntime(given.database, 'hometax'))
  await create(given)
  runtime.freeze()
  const first = save(given, taxCode(1))
  await given.reaches('IN_PROGRESS')
  const second = save(given, taxCode(2))
  await given.reaches('PENDING')
  const held = stack.move()
  return { gateway, runtime, first, second, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

describe('publishing', () => {
  it('answers when the runtime serves the release, and tells in how many milliseconds', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)

    const deployment = await publish(given)

    assert.equal(deployment.status, 'SUCCESS')
    assert.equal(deployment.version, '1.0.0')
    assert.ok((deployment.liveMs ?? 0) > 0)
    assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, deployment.releaseId)
    const found = await given.routes.getFunction(request<'getFunction'>({}))
    assert.equal(found.isLiveInDev, true)
    assert.deepEqual(
      found.served.map(({ environment, version, revision }) => ({ environment, version, revision })),
      [{ environment: 'dev', version: '1.0.0', revision: deployment.revision }],
    )
  })

  it('saves and publishes in one call, and makes a new release only of changed code', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)

    const first = await save(given, taxCode(0.22), 1)
    const again = await publish(given)
    const second = await save(given, taxCode(0.33), 2)

    assert.deepEqual([first.deployment?.version, again.version, second.deployment?.version], ['1.0.0', '1.0.0', '1.0.1'])
    assert.equal(again.releaseId, first.deployment?.releaseId)
    assert.equal(second.function.revision, 3)
    assert.match(runtime.serves('dev', 'calculateTax')?.code ?? '', /0\.33/)
    const { items } = await given.routes.listReleases(request<'listReleases'>({}))
    assert.deepEqual(
      items.map(({ version, source }) => ({ version, source })),
      [
        { version: '1.0.1', source: undefined },
        { version: '1.0.0', source: undefined },
      ],
    )
    const release = await given.routes.getRelease(request<'getRelease'>({ params: { releaseId: again.releaseId } }))
    assert.equal(release.source, taxCode(0.22))
  })

  it('keeps a save that does not compile, says where, and leaves the old release serving', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    const before = await publish(given)

    const answer = await save(given, 'export default (req, res) => {\n  const = 1\n}')

    assert.equal(answer.refusal?.code, 'CODE_NOT_COMPILING')
    assert.equal(answer.refusal?.errors[0]?.line, 2)
    assert.equal(answer.deployment, undefined)
    assert.equal(answer.function.revision, 2)
    assert.equal(answer.function.isLiveInDev, false)
    assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, before.releaseId)
  })

  it('takes back a release that throws at load, names the line, and says what serves now', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    const before = await publish(given)
    runtime.refuse(({ version }) => (version === '1.0.1' ? { code: 'CODE_THROWS_AT_LOAD', message: 'boom', line: 3, column: 7 } : undefined))

    const answer = await save(given, taxCode(0.5))

    assert.equal(answer.deployment?.status, 'ROLLED_BACK')
    assert.equal(answer.refusal?.code, 'CODE_THROWS_AT_LOAD')
    assert.deepEqual(answer.refusal?.errors, [{ field: 'calculateTax.ts:3:7', message: 'boom', file: 'calculateTax.ts', line: 3, column: 7 }])
    assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, before.releaseId)
    assert.equal(answer.function.served[0]?.version, '1.0.0')
    const stored = await given.deploymentStore.findById(answer.deployment?.deploymentId ?? '')
    assert.deepEqual(
      stored?.history.map(({ status }) => status),
      ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'FAILED', 'ROLLED_BACK'],
    )
    assert.equal(stored?.lane, undefined)
  })

  it('leaves nothing behind when the very first release can not load', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    runtime.refuse(() => ({ code: 'CODE_THROWS_AT_LOAD', message: 'boom' }))
    await create(given)

    const problem = await problemOf(publish(given))

    assert.equal(problem.code, 'CODE_THROWS_AT_LOAD')
    assert.equal((problem.facts as { deployment: { status: string } }).deployment.status, 'FAILED')
    const publications = await given.database.gateway('hometax').collection<PublishedFunction>(gatewayCollections.publishedFunctions).find().toArray()
    assert.deepEqual(
      publications.map(({ isRemoved, code }) => ({ isRemoved, code })),
      [{ isRemoved: true, code: '' }],
    )
  })

  it('fails and takes back what a live runtime does not confirm, and names it', async () => {
    await using given = await givenFunctions({ acknowledgeDeadlineMs: 400 })
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    runtime.freeze()

    const problem = await problemOf(publish(given))

    assert.equal(problem.code, 'RUNTIME_NOT_ACKNOWLEDGED')
    assert.match(problem.message, /runtime-1/)
    const { deployment } = problem.facts as { deployment: { status: string; error?: { code: string; detail: string } } }
    assert.deepEqual([deployment.status, deployment.error?.code], ['FAILED', 'RUNTIME_NOT_ACKNOWLEDGED'])
    assert.match(deployment.error?.detail ?? '', /runtime-1/)
    await runtime.resume()
    assert.equal(runtime.serves('dev', 'calculateTax'), undefined)
  })

  it('fails when no runtime is alive, and can be tried again', async () => {
    await using given = await givenFunctions({ acknowledgeDeadlineMs: 300 })
    await given.givenGateway('hometax')
    await create(given)

    assert.equal((await problemOf(publish(given))).code, 'RUNTIME_UNREACHABLE')
    await using runtime = await givenRuntime(given.database, 'hometax')
    assert.equal((await publish(given)).status, 'SUCCESS')
    assert.ok(runtime.serves('dev', 'calculateTax'))
  })

  it('lets the last of many parallel saves win, and ends every deployment', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    const other = given.newBackend()
    await create(given)

    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => save(i % 2 ? given : other, taxCode(i + 1))))

    const last = answers.find(({ function: saved }) => saved.revision === 21)
    assert.equal(last?.deployment?.status, 'SUCCESS')
    const statuses = new Set(answers.map(({ deployment }) => deployment?.status))
    assert.deepEqual(
      [...statuses].filter((status) => status !== 'SUCCESS' && status !== 'SUPERSEDED'),
      [],
    )
    assert.equal(runtime.serves('dev', 'calculateTax')?.releaseId, last?.deployment?.releaseId)
    const revisions = runtime.loaded.map(({ revision }) => revision)
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    )
    const { items } = await given.routes.listDeployments(request<'listDeployments'>({}))
    assert.equal(items.filter(({ status }) => status === 'PENDING' || status === 'IN_PROGRESS').length, 0)
  })

  it('lets later saves wait for their turn, and the last of them take the place of the others', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    runtime.freeze()
    const first = save(given, taxCode(1))
    await given.reaches('IN_PROGRESS')
    const second = save(given.newBackend(), taxCode(2))
    const waiting = await given.reaches('PENDING')
    const third = save(given, taxCode(3))
    assert.equal((await given.reaches('SUPERSEDED')).deploymentId, waiting.deploymentId)

    await runtime.resume()

    const answers = await Promise.all([first, second, third])
    assert.deepEqual(
      answers.map(({ deployment, refusal }) => [deployment?.status, refusal?.code]),
      [
        ['SUCCESS', undefined],
        ['SUPERSEDED', 'DEPLOYMENT_SUPERSEDED'],
        ['SUCCESS', undefined],
      ],
    )
    assert.match(runtime.serves('dev', 'calculateTax')?.code ?? '', /req\.body\.income \* 3/)
    const stored = await given.deploymentStore.findById(answers[2]?.deployment?.deploymentId ?? '')
    assert.deepEqual(
      stored?.history.map(({ status }) => status),
      ['PENDING', 'VALIDATING', 'IN_PROGRESS', 'SUCCESS'],
    )
  })

  it('asks the gates again when a turn comes', async () => {
    await using waiting = await givenWaiting()
    const { gateway, runtime, first, second } = waiting
    gateway.environments.dev = { state: 'inactive', phase: 'Stopped' }

    await runtime.resume()

    assert.equal((await first).deployment?.status, 'SUCCESS')
    const { deployment, refusal } = await second
    assert.deepEqual([deployment?.status, refusal?.code], ['FAILED', 'ENVIRONMENT_NOT_STARTED'])
    assert.match(runtime.serves('dev', 'calculateTax')?.code ?? '', /income \* 1/)
  })

  it('does not start in a freeze what waited for its turn, and lets what runs finish', async () => {
    await using waiting = await givenWaiting()
    const { gateway, runtime, first, second } = waiting
    const freezes = [{ name: 'Year end', timeZone: 'UTC', from: '2000-01-01T00:00', to: '2999-01-01T00:00' }]
    Object.assign(gateway.environments.dev, { protection: { approvals: 0, freezes } })

    await runtime.resume()

    assert.equal((await first).deployment?.status, 'SUCCESS')
    const { deployment, refusal } = await second
    assert.deepEqual([deployment?.status, refusal?.code], ['FAILED', 'ENVIRONMENT_FROZEN'])
    assert.match(refusal?.detail ?? '', /Year end.*2999-01-01/)
  })

  it('takes up what a backend left open when it died, and ends it', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)
    runtime.freeze()
    const dying = given.newBackend()
    const lost = save(dying, taxCode(0.7)).catch(() => {})
    const open = await given.reaches('IN_PROGRESS')
    await dying.stop()
    await lost
    await runtime.resume()

    const ended = await eventually(async () => {
      const stored = await given.deploymentStore.findById(open.deploymentId)
      assert.equal(stored?.isOpen, undefined)
      return stored
    })

    assert.equal(ended?.status, 'SUCCESS')
    assert.equal((await given.routes.getFunction(request<'getFunction'>({}))).served[0]?.version, '1.0.1')
  })

  it('removes a function from every environment, and keeps its history', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await using runtime = await givenRuntime(given.database, 'hometax')
    await create(given)
    await publish(given)
    await given.routes.promoteFunction(request<'promoteFunction'>({ body: { from: 'dev', to: 'staging' } }))

    await given.routes.deleteFunction(request<'deleteFunction'>({}))

    assert.deepEqual([runtime.serves('dev', 'calculateTax'), runtime.serves('staging', 'calculateTax')], [undefined, undefined])
    assert.equal((await problemOf(given.routes.getFunction(request<'getFunction'>({})))).code, 'FUNCTION_NOT_FOUND')
    const { items } = await given.routes.listGatewayDeployments(request<'listGatewayDeployments'>({}))
    assert.equal(items.length, 2)
  })
})
