import { strict as assert } from 'node:assert'
import { egressRulesDefault, environmentLimitsDefault, gatewayCollections } from '@imprun/contracts'
import { givenCanaryCounts } from '../../../test/support/given-canary-counts.ts'
import { createMemoryBell } from '../../../test/support/memory-bell.ts'
import { silentLog } from '../../platform/log.ts'
import { Environment } from '../environment.ts'
import type { BelledCollection } from './bell.ts'
import { createFollowers } from './gateway-follower.ts'
import type { GatewayDocument, GatewayReader } from './gateway-reader.ts'

const settings = (revision: number, authType: 'none' | 'key-auth'): GatewayDocument => ({
  kind: 'settings',
  revision,
  environment: 'dev',
  settings: { environment: 'dev', revision, authType, limits: environmentLimitsDefault, egress: egressRulesDefault, isDatabaseFull: false },
})
const removal = (revision: number): GatewayDocument => ({
  kind: 'function',
  revision,
  environment: 'dev',
  published: { environment: 'dev', name: 'f', revision, releaseId: '', version: '', limits: {}, publishedAt: new Date(), deploymentId: '', isRemoved: true },
})
const collectionOf = {
  settings: gatewayCollections.environments,
  variables: gatewayCollections.variables,
  credential: gatewayCollections.credentials,
  function: gatewayCollections.publishedFunctions,
}

function givenFollower() {
  const documents: GatewayDocument[] = [settings(1, 'none')]
  const reads: BelledCollection[] = []
  const acknowledged: { revision: number; authType: string }[] = []
  let failuresLeft = 0
  let looks = 0
  const reader: GatewayReader = {
    readRevision: async () => {
      looks += 1
      return Math.max(...documents.map(({ revision }) => revision))
    },
    readAll: async () => {
      if (failuresLeft-- > 0) throw new Error('MongoDB is away.')
      return [...documents]
    },
    readSince: async (_database, collection, _environments, revision) => {
      reads.push(collection)
      if (failuresLeft-- > 0) throw new Error('MongoDB is away.')
      return documents.filter((document) => collectionOf[document.kind] === collection && document.revision > revision)
    },
    readSource: async () => undefined,
  }
  const environment = new Environment({ gatewayId: 'a', environment: 'dev', fence: 1, hosts: [], gatewayDatabase: '', dataDatabase: '', dataUri: '' })
  const bell = createMemoryBell()
  const follow = createFollowers({
    reader,
    acknowledger: {
      acknowledge: (served) => void acknowledged.push({ revision: served.revision, authType: environment.authType }),
      tellAgain: () => undefined,
      acknowledgeNow: async () => {},
      withdraw: async () => {},
      verify: async () => {},
      forget: async () => {},
    },
    bell,
    host: { load: async () => ({ outcome: 'loaded' }), unload: () => {}, configure: () => undefined, schedule: () => {}, canaryCounts: givenCanaryCounts() },
    log: silentLog,
    observe: () => {},
  })
  const follower = follow({ gatewayId: 'a', gatewayDatabase: 'gatewayid_a' })
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return {
    documents,
    reads,
    acknowledged,
    environment,
    bell,
    follower,
    until,
    looks: () => looks,
    failNext: (count: number) => {
      failuresLeft = count
    },
    [Symbol.asyncDispose]: () => follower.stop(),
  }
}

describe('a gateway follower', () => {
  it('reads only what rang first, and acknowledges it once all below it was read too', async () => {
    await using given = givenFollower()
    const { documents, reads, acknowledged, bell, follower, environment, until } = given
    await follower.add(environment)
    // The first belongs to the environment's coming, the second to the bell's being heard.
    await until(() => given.looks() >= 2)
    reads.length = 0
    // The change of the settings is older, but its own bell has not rung yet.
    documents.push(settings(2, 'key-auth'), removal(3))
    bell.ring('a', { collection: gatewayCollections.publishedFunctions })
    await until(() => acknowledged.some(({ revision }) => revision === 3))
    assert.equal(reads[0], gatewayCollections.publishedFunctions)
    assert.deepEqual(new Set(reads.slice(1)), new Set(Object.values(collectionOf)))
    assert.deepEqual(
      acknowledged.filter(({ revision, authType }) => revision >= 2 && authType === 'none'),
      [],
    )
  })
  it('looks at everything when the bell becomes live again', async () => {
    await using given = givenFollower()
    const { documents, bell, follower, environment, until } = given
    await follower.add(environment)
    bell.setState('deaf')
    documents.push(settings(2, 'key-auth'))
    bell.ring('a')
    bell.setState('live')
    await until(() => environment.authType === 'key-auth')
  })
  it('finds by itself what a deaf bell did not tell', async () => {
    await using given = givenFollower()
    const { documents, bell, follower, environment, until } = given
    await follower.add(environment)
    bell.setState('deaf')
    await until(() => given.looks() >= 3)
    documents.push(settings(2, 'key-auth'))
    const keepAlive = setInterval(() => {}, 1_000)
    await until(() => environment.authType === 'key-auth')
    clearInterval(keepAlive)
  })
  it('takes an environment in as soon as MongoDB is back', async () => {
    await using given = givenFollower()
    given.failNext(2)
    const keepAlive = setInterval(() => {}, 1_000)
    await given.follower.add(given.environment)
    clearInterval(keepAlive)
    assert.equal(given.environment.authType, 'none')
  })
  it('reads again what it could not read', async () => {
    await using given = givenFollower()
    const { documents, bell, follower, environment, until } = given
    await follower.add(environment)
    // The first belongs to the environment's coming, the second to the bell's being heard.
    await until(() => given.looks() >= 2)
    given.failNext(1)
    documents.push(settings(2, 'key-auth'))
    bell.ring('a', { collection: gatewayCollections.environments })
    await until(() => environment.authType === 'key-auth')
  })
  it('gives up an environment that is taken away while it is loaded', async () => {
    await using given = givenFollower()
    given.failNext(1_000)
    const added = given.follower.add(given.environment)
    const refused = assert.rejects(added, /taken away/)
    await given.follower.remove(given.environment)
    await refused
    assert.ok(given.follower.isEmpty)
  })
})
