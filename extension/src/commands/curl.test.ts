import { strict as assert } from 'node:assert'
import { curlLine } from './curl.ts'

const url = 'http://localhost:7421/hometax/dev/calculateTax'

describe('curlLine', () => {
  it('posts what the function takes out of its body', () => {
    assert.equal(
      curlLine({ url, source: 'const { income, deductions } = req.body' }),
      `curl '${url}' -H 'content-type: application/json' -d '{"income":100,"deductions":20}'`,
    )
  })

  it('only fetches where there is no body, and carries a key where one is asked', () => {
    assert.equal(curlLine({ url, source: 'export default () => 1', apiKey: '<key>' }), `curl '${url}' -H 'apikey: <key>'`)
  })

  it('uses the method that the function allows', () => {
    assert.equal(curlLine({ url, source: '', methods: ['DELETE'] }), `curl -X DELETE '${url}'`)
  })
})
