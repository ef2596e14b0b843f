import { strict as assert } from 'node:assert'
import { environmentNames } from '@imprun/contracts'
import { givenLifecycle } from '../support/given-lifecycle.ts'

describe('gateways', function () {
  this.timeout(60_000)

  it('go from Creating to Started with three environments', async () => {
    await using given = await givenLifecycle()
    const startedMs = performance.now()
    await given.createGateway({ name: 'Hometax' })
    await given.reaches('hometax', 'Started')
    if (process.env.SHOW) console.log('started in', performance.now() - startedMs)
    const view = await given.getView('hometax')
    assert.deepEqual(
      view.environments.map(({ name, phase, url, pathUrl }) => ({ name, phase, url, pathUrl })),
      environmentNames.map((name) => ({
        name,
        phase: 'Started',
        url: `http://hometax.${name}.localhost:7421`,
        pathUrl: `http://localhost:7421/hometax/${name}`,
      })),
    )
    assert.deepEqual([...given.driver.assigned.keys()].sort(), ['hometax/dev', 'hometax/prod', 'hometax/staging'])
    assert.equal(await given.database.gateway('hometax').collection('__environments').countDocuments(), 3)
  })

  it('leave nothing behind when they are deleted', async () => {
    await using given = await givenLifecycle()
    await given.createGateway({ name: 'hometax' })
    await given.reaches('hometax', 'Started')
    await given.database.named('gatewayid_hometax_dev').collection('taxes').insertOne({ tax: 1 })
    await given.gateways.wantDeleted('hometax')
    await given.isGone('hometax')
    const { databases } = await given.database.client.db('admin').admin().listDatabases({ nameOnly: true })
    assert.deepEqual(
      databases.map(({ name }) => name).filter((name) => name.startsWith('gatewayid_')),
      [],
    )
    const { users } = await given.database.named('admin').command({ usersInfo: 1 })
    assert.deepEqual(
      users.map(({ user }: { user: string }) => user).filter((user: string) => user.includes('hometax')),
      [],
    )
    const { roles } = await given.database.named('admin').command({ rolesInfo: 'imprun_front', showPrivileges: true })
    assert.doesNotMatch(JSON.stringify(roles), /hometax/)
    assert.equal(given.driver.assigned.size, 0)
    assert.equal((await given.environments.listOf('hometax')).length, 0)
  })
})
