import { strict as assert } from 'node:assert'
import { readRuntimeSettings, runtimeStart } from './runtime-start.ts'

const settings = {
  IMPRUN_RUNTIME_ID: 'r',
  IMPRUN_RUNTIME_TOKEN: 'a-secret-token',
  IMPRUN_RUNTIME_MONGODB_URI: 'mongodb://front:a-secret-password@localhost/',
}

describe('the start of a runtime', () => {
  it('puts no secret where other processes can read it, and tells all of them', async () => {
    const { nodeOptions, environment, input } = runtimeStart(settings)
    assert.doesNotMatch(JSON.stringify([nodeOptions, environment]), /a-secret/)
    const { IMPRUN_RUNTIME_SECRETS: _where, ...told } = await readRuntimeSettings(environment, async () => input)
    assert.deepEqual(told, settings)
  })
  it('goes by the environment alone where the secrets are there', async () => {
    assert.deepEqual(await readRuntimeSettings(settings, () => assert.fail('Nothing is to be read.')), settings)
  })
  for (const input of ['', '{"IMPRUN_RUNTIME_TOKEN":"a-secr', '["a-secret"]', '{"IMPRUN_RUNTIME_TOKEN":7}']) {
    it(`refuses ${JSON.stringify(input)} and repeats none of it`, async () => {
      const { environment } = runtimeStart(settings)
      await assert.rejects(
        readRuntimeSettings(environment, async () => input),
        ({ message }: Error) => /JSON object/.test(message) && !/a-secr/.test(message),
      )
    })
  }
})
