import { strict as assert } from 'node:assert'
import type { Deployment } from '@imprun/contracts'
import { sampleDeployment } from '../../test/support/samples.ts'
import { servedReleases, versionAfter } from './served-releases.ts'

const publish = (version: string) => sampleDeployment(version)
const rollback = (version: string) => sampleDeployment(version, { kind: 'rollback' })
const listed = (succeeded: Deployment[], present: string) =>
  servedReleases(succeeded, `release-${present}`).map(({ last, isBefore }) => `${last.version}${isBefore ? ' before' : ''}`)

describe('the releases that an environment has served', () => {
  it('come each once, newest first, without the present one', () => {
    assert.deepEqual(listed([publish('1.0.2'), publish('1.0.1'), publish('1.0.1'), publish('1.0.0')], '1.0.2'), ['1.0.1 before', '1.0.0'])
  })

  it('begin with the one before the present, also after a rollback', () => {
    assert.deepEqual(listed([rollback('1.0.1'), publish('1.0.2'), publish('1.0.1'), publish('1.0.0')], '1.0.1'), ['1.0.0 before', '1.0.2'])
  })

  it('name none as the one before where the history does not reach back to it', () => {
    assert.deepEqual(listed([rollback('1.0.0'), publish('1.0.1'), publish('1.0.0')], '1.0.0'), ['1.0.1'])
    assert.deepEqual(listed([publish('1.0.0')], '1.0.0'), [])
  })
})

describe('the version after', () => {
  it('rises by the part that is asked for', () => {
    assert.deepEqual([versionAfter('1.2.3', 'patch'), versionAfter('1.2.3', 'minor'), versionAfter('1.2.3', 'major')], ['1.2.4', '1.3.0', '2.0.0'])
    assert.equal(versionAfter(undefined, 'major'), '1.0.0')
  })
})
