import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { callFunction, givenGateway, givenPublished } from '../support/given-gateway.ts'
import { randomFrom, testSeed } from '../support/seed.ts'
import { soak } from '../support/soak.ts'

const functionCode = (value: number): string => `import { part } from './_lib/part'\nexport default () => ({ value: ${value}, part })`
const moduleCode = (value: number): string => `export const part = ${value}`

describe('a function with a hundred releases', function () {
  this.timeout(120_000)
  let backend: GivenBackend
  const gatewayId = 'hundred'
  const params = { gatewayId, functionId: 'answer' }
  /** By release id, what each answers. */
  const answers = new Map<string, { value: number; part: number }>()
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await backend.api.call('createFunction', { params: { gatewayId }, body: { name: '_lib/part', code: moduleCode(0) } })
    await givenPublished(backend, gatewayId, 'answer', functionCode(0))
    const save = (functionId: string, code: string) =>
      backend.api.call('saveFunction', { params: { gatewayId, functionId }, query: { publish: 'dev' }, body: { code } })
    for (let i = 1; i <= 50; i++) {
      const { deployment: ofFunction } = await save('answer', functionCode(i))
      const { republished } = await save('_lib/part', moduleCode(i))
      answers.set(ofFunction?.releaseId ?? '', { value: i, part: i - 1 })
      answers.set(republished?.[0]?.deployment?.releaseId ?? '', { value: i, part: i })
    }
  })
  after(() => backend?.[Symbol.asyncDispose]())

  it('goes back to any of them, with what each imported then', async () => {
    assert.equal(answers.size, 100)
    const random = randomFrom(testSeed())
    const ids = [...answers.keys()]
    for (let round = 0; round < soak(25, 200); round++) {
      const releaseId = ids[Math.floor(random() * ids.length)] ?? ''
      const back = await backend.api.call('rollbackFunction', { params, body: { environment: 'dev', releaseId, reason: `round ${round}` } })
      assert.equal(back.status, 'SUCCESS')
      assert.deepEqual((await callFunction(backend, { gatewayId, environment: 'dev', name: 'answer', input: {} })).body, answers.get(releaseId))
    }
  })

  it('tells the difference of any two in one call', async () => {
    const [first = '', second = ''] = answers.keys()
    const { files } = await backend.api.call('compareReleases', { params: { ...params, releaseId: second }, query: { from: first } })
    assert.deepEqual(
      files.map(({ file, change }) => [file, change]),
      [['_lib/part.ts', 'changed']],
    )
  })
})
