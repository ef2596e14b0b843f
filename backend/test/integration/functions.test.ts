import { strict as assert } from 'node:assert'
import { codeBytesMax, type ErrorCode } from '@imprun/contracts'
import { ada, type GivenFunctions, givenFunctions, grace, problemOf, request, taxCode } from '../support/given-functions.ts'

const create = ({ routes }: GivenFunctions, name = 'calculateTax', code = taxCode(0.1)) =>
  routes.createFunction(request<'createFunction'>({ body: { name, code, limits: {} } }))
const get = ({ routes }: GivenFunctions, functionId: string) => routes.getFunction(request<'getFunction'>({ params: { functionId } }))

/** Filled byte by byte: letters of three bytes each, so that counting characters would let it pass. */
const koreanCode = (bytes: number) => `export default () => 1 //${'세'.repeat(Math.ceil((bytes - 25) / 3))}`

const refusals: { name: string; code: ErrorCode; call(given: GivenFunctions): Promise<unknown> }[] = [
  { name: 'a name that is taken', code: 'FUNCTION_NAME_TAKEN', call: (given) => create(given) },
  { name: 'code over 512 KB, counted in bytes', code: 'CODE_TOO_LARGE', call: (given) => create(given, 'big', koreanCode(codeBytesMax + 100)) },
  {
    name: 'a save over 512 KB',
    code: 'CODE_TOO_LARGE',
    call: ({ routes }) => routes.saveFunction(request<'saveFunction'>({ body: { code: koreanCode(codeBytesMax + 100) } })),
  },
  {
    name: 'a function in an unknown gateway',
    code: 'GATEWAY_NOT_FOUND',
    call: ({ routes }) => routes.createFunction(request<'createFunction'>({ params: { gatewayId: 'nowhere' }, body: { name: 'a', code: '', limits: {} } })),
  },
  { name: 'an unknown function', code: 'FUNCTION_NOT_FOUND', call: (given) => get(given, 'nothing') },
  { name: "a stranger's gateway", code: 'GATEWAY_NOT_FOUND', call: ({ routes }) => routes.getFunction(request<'getFunction'>({ by: grace })) },
  {
    name: 'a save to an unknown function',
    code: 'FUNCTION_NOT_FOUND',
    call: ({ routes }) => routes.saveFunction(request<'saveFunction'>({ params: { functionId: 'nothing' }, body: { code: '' } })),
  },
  {
    name: 'publishing code that does not compile',
    code: 'CODE_NOT_COMPILING',
    call: async (given) => {
      await create(given, 'broken', 'export default (')
      return given.routes.publishFunction(request<'publishFunction'>({ params: { functionId: 'broken' }, body: { environment: 'dev' } }))
    },
  },
  {
    name: 'publishing code without a default export',
    code: 'CODE_WITHOUT_DEFAULT_EXPORT',
    call: async (given) => {
      await create(given, 'silent', 'export const a = 1')
      return given.routes.publishFunction(request<'publishFunction'>({ params: { functionId: 'silent' }, body: { environment: 'dev' } }))
    },
  },
  {
    name: 'promoting from an environment that has no release',
    code: 'NO_RELEASE_IN_ENVIRONMENT',
    call: ({ routes }) => routes.promoteFunction(request<'promoteFunction'>({ body: { from: 'dev', to: 'staging' } })),
  },
  {
    name: 'promoting into the environment that it comes from',
    code: 'INPUT_INVALID',
    call: ({ routes }) => routes.promoteFunction(request<'promoteFunction'>({ body: { from: 'dev', to: 'dev' } })),
  },
  {
    name: 'a stage to deploy to that has none before it',
    code: 'INPUT_INVALID',
    call: ({ routes }) => routes.deployToStage(request<'deployToStage'>({ body: { targetStage: 'dev' } })),
  },
  {
    name: 'an unknown release',
    code: 'RELEASE_NOT_FOUND',
    call: ({ routes }) => routes.getRelease(request<'getRelease'>({ params: { releaseId: 'nothing' } })),
  },
]

describe('functions', () => {
  describe('given bad input', () => {
    let given: GivenFunctions
    before(async () => {
      given = await givenFunctions()
      await given.givenGateway('hometax')
      await create(given)
    })
    after(() => given[Symbol.asyncDispose]())

    for (const { name, code, call } of refusals) {
      it(`refuse ${name} with ${code}, and lose nothing`, async () => {
        assert.equal((await problemOf(call(given))).code, code)
        assert.equal((await get(given, 'calculateTax')).code, taxCode(0.1))
      })
    }
  })

  it('refuses changes while the gateway is being deleted, and still shows what is there', async () => {
    await using given = await givenFunctions()
    const gateway = await given.givenGateway('hometax')
    await create(given)
    gateway.isBeingDeleted = true

    assert.equal((await problemOf(create(given, 'late'))).code, 'GATEWAY_BEING_DELETED')
    assert.equal((await get(given, 'calculateTax')).name, 'calculateTax')
  })

  it('refuses to publish while the environment is not Started, and says when to try again', async () => {
    await using given = await givenFunctions()
    const gateway = await given.givenGateway('hometax')
    gateway.environments.dev = { state: 'active', phase: 'Starting' }
    await create(given)

    const saved = await given.routes.saveFunction(request<'saveFunction'>({ query: { publish: 'dev' }, body: { code: taxCode(0.9) } }))

    assert.equal(saved.refusal?.code, 'ENVIRONMENT_NOT_STARTED')
    assert.equal(saved.function.code, taxCode(0.9))
    const problem = await problemOf(given.routes.publishFunction(request<'publishFunction'>({ body: { environment: 'dev' } })))
    assert.equal(problem.retryAfterS, 1)
  })

  it('finds a function by id, by name and as environment/name, and prefers a whole name', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    const list = await create(given, 'orders/list')
    const devList = await create(given, 'dev/list')
    const plain = await create(given, 'list')

    assert.equal((await get(given, list.functionId)).name, 'orders/list')
    assert.equal((await get(given, 'orders/list')).functionId, list.functionId)
    assert.equal((await get(given, 'staging/orders/list')).functionId, list.functionId)
    assert.equal((await get(given, 'dev/list')).functionId, devList.functionId)
    assert.equal((await get(given, 'prod/list')).functionId, plain.functionId)
  })

  it('tells both authors when a save starts from a stale revision', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await create(given)
    const facts: Record<string, unknown> = {}
    await given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(2), baseRevision: 1 } }, facts))

    const lee = { ...ada, name: 'lee' }
    const problem = await problemOf(given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(3), baseRevision: 1 }, by: lee })))

    assert.equal(problem.code, 'REVISION_STALE')
    const { theirs, yours, ...revisions } = problem.facts as { theirs: { by: string }; yours: { by: string } }
    assert.deepEqual([revisions, theirs.by, yours.by], [{ baseRevision: 1, revision: 2 }, 'ada', 'lee'])
    assert.deepEqual([facts.fromRevision, facts.toRevision], [1, 2])
  })

  it('lets one of twenty who save at the same moment win, round after round', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await create(given)
    for (let baseRevision = 1; baseRevision <= 10; baseRevision++) {
      const saves = Array.from({ length: 20 }, (_, client) => ({ code: taxCode(100 * baseRevision + client), baseRevision }))
      const round = await Promise.allSettled(saves.map((body) => given.routes.saveFunction(request<'saveFunction'>({ body }))))

      const won = round.flatMap((each) => (each.status === 'fulfilled' ? [each.value.function] : []))
      const refused = round.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code?: string }).code] : []))
      assert.deepEqual(
        refused,
        Array.from({ length: 19 }, () => 'REVISION_STALE'),
      )
      const { revision, code } = await get(given, 'calculateTax')
      assert.deepEqual([revision, code], [baseRevision + 1, saves[round.findIndex(({ status }) => status === 'fulfilled')]?.code])
      assert.equal(won[0]?.revision, revision)
    }
  })

  it('loses no edit of twenty who save again and again from what they have read', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    const { functionId } = await create(given)
    const append = async (line: string) => {
      for (;;) {
        const { code = '', revision } = await given.routes.getFunction(request<'getFunction'>({}))
        const body = { code: `${code}\n// ${line}`, baseRevision: revision }
        try {
          return await given.routes.saveFunction(request<'saveFunction'>({ body }))
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'REVISION_STALE')
        }
      }
    }

    await Promise.all(Array.from({ length: 20 }, (_, client) => append(`edit ${client}.`)))

    const stored = await given.functions.findById(functionId)
    assert.equal(stored?.revision, 21)
    for (let client = 0; client < 20; client++) assert.ok(stored?.code.includes(`// edit ${client}.`), `The edit of client ${client} is lost`)
  })

  it('overwrites a newer save only when that is asked for, and says so in the audit log', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await create(given)
    await given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(2), baseRevision: 1 } }))
    const facts: Record<string, unknown> = {}

    const forced = await given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(3), baseRevision: 1, force: true } }, facts))

    assert.equal(forced.function.revision, 3)
    assert.deepEqual([facts.isForced, facts.baseRevision, facts.fromRevision, facts.toRevision], [true, 1, 2, 3])
  })

  it('keeps methods and limits that a save does not mention', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    const body = { name: 'calculateTax', code: taxCode(1), methods: ['POST' as const], limits: { timeoutMs: 1_000 } }
    await given.routes.createFunction(request<'createFunction'>({ body }))

    const saved = await given.routes.saveFunction(request<'saveFunction'>({ body: { code: taxCode(2) } }))

    assert.deepEqual([saved.function.methods, saved.function.limits], [['POST'], { timeoutMs: 1_000 }])
  })

  it('lists by name, without code, in pages', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    for (const name of ['c', 'a', 'b', 'Bb']) await create(given, name)

    const first = await given.routes.listFunctions(request<'listFunctions'>({ query: { limit: 2 } }))
    const rest = await given.routes.listFunctions(request<'listFunctions'>({ query: { limit: 2, cursor: first.nextCursor } }))
    const filtered = await given.routes.listFunctions(request<'listFunctions'>({ query: { filter: 'B' } }))

    assert.deepEqual(
      [...first.items, ...rest.items].map(({ name, code }) => [name, code]),
      [
        ['Bb', undefined],
        ['a', undefined],
        ['b', undefined],
        ['c', undefined],
      ],
    )
    assert.deepEqual(
      filtered.items.map(({ name }) => name),
      ['Bb', 'b'],
    )
  })

  it('pages through log entries of one millisecond without losing any', async () => {
    await using given = await givenFunctions()
    await given.givenGateway('hometax')
    await create(given)
    const at = new Date('2026-11-21T00:00:00Z')
    const entries = Array.from({ length: 5 }, (_, i) => ({
      _id: `line-${i}`,
      environment: 'dev',
      functionName: 'calculateTax',
      version: '1.0.0',
      level: 'info',
      message: `line ${i}`,
      at,
    }))
    await given.database.gateway('hometax').collection<{ _id: string }>('__logs').insertMany(entries)

    const messages: string[] = []
    for (let cursor: string | undefined, page = 0; page < 3; page++) {
      const { items, nextCursor } = await given.routes.listLogs(request<'listLogs'>({ query: { limit: 2, cursor } }))
      messages.push(...items.map(({ message }) => message))
      cursor = nextCursor
    }

    assert.deepEqual(messages, ['line 4', 'line 3', 'line 2', 'line 1', 'line 0'])
  })
})
