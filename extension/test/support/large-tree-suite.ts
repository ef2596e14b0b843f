// Runs inside the extension host: how long a tree of many gateways takes from the first question to its rows, one gateway opened down to its functions.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { figuresFileVariable } from './figures-file.ts'
import { givenLargeTree } from './given-large-tree.ts'
import { rowAt, rows } from './in-host.ts'
import { functionCount, gatewayCount } from './large-catalog.ts'

const runs = 15
const runsBeforeCounting = 3

describe('the tree', () => {
  it('opens', async function () {
    this.timeout(120_000)
    await using given = await givenLargeTree()
    const { gateways } = given.views
    const samplesMs: number[] = []
    for (let run = 0; run < runsBeforeCounting + runs; run++) {
      given.catalog.gateways.reset()
      const startedAtMs = performance.now()
      assert.equal((await rows(gateways)).length, gatewayCount)
      // Another gateway each time: nothing of it is known yet.
      const { node } = await rowAt(gateways, `gateway-${String(run).padStart(3, '0')}`, 'dev')
      assert.equal((await rows(gateways, node)).length, functionCount)
      samplesMs.push(performance.now() - startedAtMs)
    }
    const file = process.env[figuresFileVariable]
    assert.ok(file)
    writeFileSync(file, JSON.stringify({ treeMs: samplesMs.slice(runsBeforeCounting) }))
  })
})
