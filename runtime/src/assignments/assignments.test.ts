import { strict as assert } from 'node:assert'
import type { Assignment } from '@imprun/contracts'
import { createAssignments, StaleFenceError } from './assignments.ts'

const assignmentOf = (gatewayId: string, fence: number): Assignment => ({
  gatewayId,
  environment: 'dev',
  fence,
  hosts: [],
  gatewayDatabase: '',
  dataDatabase: '',
  dataUri: '',
})

function givenAssignments() {
  const served = new Set<string>()
  const assignments = createAssignments({
    serve: async ({ gatewayId, environment }) => void served.add(`${gatewayId}/${environment}`),
    letGo: async (key) => void served.delete(key),
    keys: () => [...served],
  })
  return { assignments, served }
}

describe('assignments', () => {
  it('let go of what a sync does not name', async () => {
    const { assignments, served } = givenAssignments()
    await assignments.assign(assignmentOf('a', 1))
    await assignments.sync([assignmentOf('b', 1)])
    assert.deepEqual([...served], ['b/dev'])
  })
  it('take a message with the same fence again', async () => {
    const { assignments, served } = givenAssignments()
    await assignments.assign(assignmentOf('a', 3))
    await assignments.assign(assignmentOf('a', 3))
    assert.deepEqual([...served], ['a/dev'])
  })
  it('refuse a holder whose fence is behind, also after the environment was let go', async () => {
    const { assignments, served } = givenAssignments()
    await assignments.assign(assignmentOf('a', 3))
    await assert.rejects(assignments.unassign({ gatewayId: 'a', environment: 'dev', fence: 2 }), StaleFenceError)
    await assignments.unassign({ gatewayId: 'a', environment: 'dev', fence: 4 })
    await assert.rejects(assignments.assign(assignmentOf('a', 3)), StaleFenceError)
    assert.deepEqual([...served], [])
  })
  it('change nothing when one of a sync is stale', async () => {
    const { assignments, served } = givenAssignments()
    await assignments.assign(assignmentOf('a', 5))
    await assert.rejects(assignments.sync([assignmentOf('b', 1), assignmentOf('a', 4)]), StaleFenceError)
    assert.deepEqual([...served], ['a/dev'])
  })
})
