// The author's guide is true: every example in it is saved, published and called, and answers as the comment before it says (the rule is in CONTRIBUTING.md).
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GivenBackend, givenBackend } from '../support/given-backend.ts'
import { givenGateway } from '../support/given-gateway.ts'
import { type ExampleCall, readExamples } from '../support/guide-examples.ts'

const gatewayId = 'guide'
const guide = readFileSync(join(import.meta.dirname, '../../../docs/functions.md'), 'utf8')
const { examples, unnamed } = readExamples(guide)
const isModule = (name: string): boolean => name.split('/').some((part) => part.startsWith('_') && part !== '_middleware')

/** All are saved before the first is published, so that they may import each other. */
async function publishAll({ api }: GivenBackend): Promise<void> {
  const variables = Object.assign({}, ...examples.map((example) => example.variables)) as Record<string, string>
  await api.call('patchEnvironment', { params: { gatewayId, environment: 'dev' }, body: { variables } })
  for (const { name, source, limits } of examples) {
    const settings = Object.keys(limits).length === 0 ? {} : { limits }
    await api.call('createFunction', { params: { gatewayId }, body: { name, code: source, ...settings } })
  }
  for (const { name } of examples.filter((example) => !isModule(example.name))) {
    const deployment = await api.call('publishFunction', { params: { gatewayId, functionId: name }, body: { environment: 'dev' } })
    assert.equal(deployment.status, 'SUCCESS', `${name}: ${JSON.stringify(deployment)}`)
  }
}

async function call({ connection }: GivenBackend, { method, path, headers, body, status, answer }: ExampleCall): Promise<void> {
  const url = `${connection.edgeUrl}/${gatewayId}/dev${path}`
  const response = await fetch(url, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  assert.equal(response.status, status, text)
  if (answer === undefined) return
  if (answer.is === 'text') assert.equal(text.trim(), answer.text)
  else if (typeof answer.value === 'string' && !response.headers.get('content-type')?.includes('json')) assert.equal(text, answer.value)
  else assert.deepEqual(withWildcards(JSON.parse(text), answer.value), answer.value)
}

/** What stands where the guide has a "..." is taken as said. */
function withWildcards(actual: unknown, expected: unknown): unknown {
  if (expected === '...' && actual !== undefined) return expected
  if (typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null) return actual
  if (Array.isArray(actual)) return actual.map((each, at) => withWildcards(each, (expected as unknown[])[at]))
  return Object.fromEntries(Object.entries(actual).map(([name, each]) => [name, withWildcards(each, (expected as Record<string, unknown>)[name])]))
}

describe("the examples of the author's guide", function () {
  this.timeout(60_000)
  let backend: GivenBackend
  before(async () => {
    backend = await givenBackend()
    await givenGateway(backend, gatewayId)
    await publishAll(backend)
  })
  after(() => backend?.[Symbol.asyncDispose]())

  it('all say what they are', () => {
    assert.deepEqual(unnamed, [])
    assert.ok(examples.length > 0)
  })

  for (const { name, calls } of examples) {
    it(`answer as told: ${name}`, async () => {
      for (const each of calls) await call(backend, each)
    })
  }
})
