import { strict as assert } from 'node:assert'
import type { StoredServed } from '../functions/function-store.ts'
import { isAskedLater, isBlockedBy, newerServed, type StoredDeployment } from './stored-deployment.ts'

// Made by a backend whose clock is behind, or in the same second: the later one has the smaller id.
const earlier = { _id: 'b', askedRevision: 7 }
const later = { _id: 'a', askedRevision: 8 }
const servedBy = ({ _id: deploymentId, askedRevision }: typeof earlier, more: Partial<StoredServed> = {}) => ({
  dev: { deploymentId, askedRevision, ...more } as StoredServed,
})

describe('the order of deployments', () => {
  it('is the one in which they were asked for, not that of their ids', () => {
    assert.equal(isAskedLater(later, earlier), true)
    assert.equal(isAskedLater(earlier, later), false)
    assert.equal(newerServed({ ...later, environment: 'dev' }, servedBy(earlier)), undefined)
    assert.equal(newerServed({ ...earlier, environment: 'dev' }, servedBy(later)), 'a')
  })

  it('is that of their saves where both were published', () => {
    const ofSave = { ...later, environment: 'dev', sourceRevision: 3 } as const
    assert.equal(newerServed(ofSave, servedBy(earlier, { sourceRevision: 4 })), 'b')
    assert.equal(newerServed(ofSave, servedBy(earlier, { sourceRevision: 3 })), undefined)
  })

  it('is that of their ids where an earlier version of imprun made both', () => {
    assert.equal(isAskedLater({ _id: 'b' }, { _id: 'a' }), true)
    assert.equal(isAskedLater({ _id: 'c', setId: 'a' }, { _id: 'b' }), false)
  })

  it('lets a set that waits go first only before what came after it', () => {
    const waiting = { ...earlier, setId: 'b' } as StoredDeployment
    assert.equal(isBlockedBy(later, waiting), true)
    assert.equal(isBlockedBy({ _id: 'c', askedRevision: 6 }, waiting), false)
  })
})
