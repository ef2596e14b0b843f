import { strict as assert } from 'node:assert'
import { eventually } from '../support/eventually.ts'
import { givenLargeTree } from '../support/given-large-tree.ts'
import { rowAt, rows } from '../support/in-host.ts'
import { functionCount, gatewayCount, largeFunction, largeGateway } from '../support/large-catalog.ts'

const gatewayId = 'gateway-007'

describe('a tree of 200 gateways with 50 functions each', () => {
  it('is one question for all gateways, and few for the one that is opened', async () => {
    await using given = await givenLargeTree()
    const { gateways } = given.views
    assert.equal((await rows(gateways)).length, gatewayCount)
    assert.equal(given.asked().filter((path) => path === '/api-gateways').length, 1)
    const opened = await given.askedDuring(async () => {
      const { node } = await rowAt(gateways, gatewayId, 'dev')
      assert.equal((await rows(gateways, node)).length, functionCount)
      for (const name of ['staging', 'prod']) await rows(gateways, (await rowAt(gateways, gatewayId, name)).node)
    })
    const of = `/api-gateways/${gatewayId}`
    assert.deepEqual(opened.toSorted(), [`${of}/deployments?status=IN_PROGRESS`, `${of}/deployments?status=PENDING`, `${of}/functions`])
  })

  it('asks nothing for an event, and keeps its rows the same objects', async () => {
    await using given = await givenLargeTree()
    const { gateways } = given.views
    const before = await rowAt(gateways, gatewayId, 'dev', 'function03')
    await eventually(() => assert.ok(given.catalog.deploymentLists.running(gatewayId).isLoaded))
    const asked = await given.askedDuring(async () => {
      for (let revision = 2; revision < 20; revision++)
        given.backend.send({ type: 'function', function: largeFunction(gatewayId, 3, { revision, isLiveInDev: false }) })
      given.backend.send({ type: 'gateway', gateway: { ...largeGateway(8), name: 'gateway-008', isStalled: true } })
      await eventually(async () => assert.match((await rowAt(gateways, gatewayId, 'dev', 'function03')).text, /saved, not live/))
    })
    assert.deepEqual(asked, [])
    assert.equal((await rowAt(gateways, gatewayId, 'dev', 'function03')).node, before.node)
  })

  it('draws again only the row that an event changes', async () => {
    await using given = await givenLargeTree()
    const { gateways } = given.views
    const { node } = await rowAt(gateways, gatewayId, 'dev', 'function03')
    const other = await rowAt(gateways, gatewayId, 'dev', 'function04')
    for (const name of ['staging', 'prod']) await rows(gateways, (await rowAt(gateways, gatewayId, name)).node)
    await eventually(() => assert.ok(given.catalog.deploymentLists.running(gatewayId).isLoaded))
    const drawn: unknown[] = []
    const drawing = gateways.onDidChangeTreeData((changed) => void drawn.push(...[changed].flat()))
    const health = { type: 'health', gatewayId, environment: 'dev', functionName: 'function03', calls: 20 } as const
    // Sent again until it is drawn alone: one that comes together with what the sign-in draws is drawn with the whole tree.
    await eventually(() => {
      given.backend.send({ ...health, failed: 10 })
      assert.equal(drawn.at(-1), node)
    })
    // The row is asked for, as VS Code does where the view is in sight.
    drawn.length = 0
    gateways.getTreeItem(node)
    given.backend.send({ ...health, failed: 10 })
    given.backend.send({ type: 'function', function: largeFunction(gatewayId, 4, { isLiveInDev: false }) })
    await eventually(() => assert.deepEqual(drawn, [other.node]))
    drawing.dispose()
  })

  it('does not read again after a reconnect what nobody looks at', async () => {
    await using given = await givenLargeTree()
    const { gateways } = given.views
    for (let index = 0; index < 20; index++) await rows(gateways, (await rowAt(gateways, largeGateway(index).gatewayId, 'dev')).node)
    await eventually(() => assert.ok(given.catalog.deploymentLists.running(largeGateway(19).gatewayId).isLoaded))
    const asked = await given.askedDuring(async () => {
      given.backend.cutStreams()
      await eventually(() => assert.equal(given.backend.streams().total, 2))
      await eventually(() => assert.ok(given.asked().filter((path) => path === '/api-gateways').length >= 2))
    })
    assert.deepEqual(
      asked.filter((path) => path.startsWith('/api-gateways/')),
      [],
    )
  })

  it('has the server search', async () => {
    await using given = await givenLargeTree()
    const { gateways } = given.views
    given.catalog.setGatewayFilter('-19')
    assert.equal((await rows(gateways)).length, 10)
    given.catalog.setFilter('function4')
    assert.equal((await rows(gateways, (await rowAt(gateways, 'gateway-190', 'dev')).node)).length, 10)
    assert.ok(given.backend.calls.some(({ query }) => query.get('filter') === '-19'))
    assert.ok(given.backend.calls.some(({ path, query }) => path.endsWith('/functions') && query.get('filter') === 'function4'))
  })
})
