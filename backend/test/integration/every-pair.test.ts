import { strict as assert } from 'node:assert'
import { type Phase, phases, type State, states } from '@imprun/contracts'
import { epoch, type PhaseDocument, untilNudged } from '../../src/phases/phase-document.ts'
import { eventually } from '../support/eventually.ts'
import { givenLifecycle } from '../support/given-lifecycle.ts'

type Given = Awaited<ReturnType<typeof givenLifecycle>>

const pairs = phases.flatMap((phase) => states.map((state) => ({ phase, state })))
const within = 60_000

/** @returns undefined when nothing is left of the document */
function endOf({ phase, state }: (typeof pairs)[number]): Phase | undefined {
  if (phase === 'Deleted') return phase
  const ends: Record<State, Phase | undefined> = { active: 'Started', inactive: 'Stopped', deleted: undefined }
  return phase === 'Deleting' ? undefined : ends[state]
}

/** One document for each pair, and each goes where its pair ends, where claims pass it by. */
async function comeToRest(given: Given, collection: string, ids: readonly string[]) {
  const documents = given.database.sys.collection<PhaseDocument>(collection)
  assert.equal(ids.length, pairs.length)
  for (const [index, _id] of ids.entries()) await documents.updateOne({ _id }, { $set: { ...pairs[index], nextAttemptAt: epoch } })
  await given.newLife().start()
  for (const [index, pair] of pairs.entries())
    await eventually(async () => {
      const found = await documents.findOne({ _id: ids[index] ?? '' })
      const end = endOf(pair)
      const expected = end && { phase: end, lockedAt: epoch, nextAttemptAt: untilNudged }
      assert.deepEqual(found ? { phase: found.phase, lockedAt: found.lockedAt, nextAttemptAt: found.nextAttemptAt } : undefined, expected, JSON.stringify(pair))
    }, within)
}

/** As many as there are pairs, of gateways that are Started. */
async function givenStarted(given: Given, collection: string): Promise<string[]> {
  const gatewayIds = Array.from({ length: pairs.length / 3 }, (_, index) => `gateway-${index}`)
  await Promise.all(gatewayIds.map((name) => given.createGateway({ name })))
  await Promise.all(gatewayIds.map((gatewayId) => given.reaches(gatewayId, 'Started', within)))
  await given.lifecycle.stop()
  const found = await given.database.sys.collection<PhaseDocument>(collection).find().toArray()
  return found.map(({ _id }) => _id)
}

describe('from every phase, and for every wish,', function () {
  this.timeout(180_000)

  it('gateways come to rest where they should', async () => {
    await using given = await givenLifecycle({ isStopped: true })
    const ids: string[] = []
    for (const { phase, state } of pairs) {
      const { _id, gatewayId } = await given.createGateway({ name: `${phase}-${state}`.toLowerCase() })
      ids.push(_id)
      // Environments are as far as their gateway; before it has its database they wait for it.
      if (phase === 'Creating') continue
      await given.environments.begin(gatewayId, 0)
      await given.database.sys.collection('environments').updateMany({ gatewayId }, { $set: { phase: phase === 'Deleting' ? 'Started' : phase } })
    }
    await comeToRest(given, 'apiGateways', ids)
  })

  it('environments of a gateway that is Started do', async () => {
    await using given = await givenLifecycle({ hasNoUsers: true })
    await comeToRest(given, 'environments', await givenStarted(given, 'environments'))
  })

  it('instances of environments that are Started do', async () => {
    await using given = await givenLifecycle({ hasNoUsers: true })
    await comeToRest(given, 'runtimeInstances', await givenStarted(given, 'runtimeInstances'))
  })
})
