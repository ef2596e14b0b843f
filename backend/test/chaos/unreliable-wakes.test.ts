import { strict as assert } from 'node:assert'
import type { State } from '@imprun/contracts'
import fc from 'fast-check'
import { advanceTo, type Decision, remove, type Step } from '../../src/phases/decisions.ts'
import { servedMachine } from '../../src/phases/served-machine.ts'
import { eventually } from '../support/eventually.ts'
import { type GivenMongo, givenMongo } from '../support/given-mongo.ts'
import { givenPhases, type Thing } from '../support/given-phases.ts'
import { testSeed } from '../support/seed.ts'
import { soak } from '../support/soak.ts'
import { createUnreliableWatcher, type EventFate, eventFates } from '../support/unreliable-watcher.ts'

type GivenPhases = Awaited<ReturnType<typeof givenPhases>>
interface Owner {
  /** What is wished, one after the other; the first when the document is made. */
  wishes: readonly State[]
  /** Waits until a wish is met before the next one. */
  isPatient: boolean
}
const stepFor: Record<State, string> = { active: 'start', inactive: 'stop', deleted: 'remove' }

/** One for each wish that is not yet met when it comes. */
const stepsFor = (wishes: readonly State[]): string[] => ['create', ...wishes.filter((wish, index) => wish !== wishes[index - 1]).map((wish) => stepFor[wish])]

/** Whether the steps are among the others, in their order and each no more often. */
function isWithin(steps: readonly string[], others: readonly string[]): boolean {
  let from = 0
  return steps.every((step) => {
    from = others.indexOf(step, from) + 1
    return from > 0
  })
}

const somewhile = fc.array(fc.constantFrom<State>('active', 'inactive'), { minLength: 1, maxLength: 4 })
const owner: fc.Arbitrary<Owner> = fc
  .record({ wishes: somewhile, isDeletedAtLast: fc.boolean(), isPatient: fc.boolean() })
  .map(({ wishes, isDeletedAtLast, isPatient }) => ({ wishes: isDeletedAtLast ? [...wishes, 'deleted'] : wishes, isPatient }))

describe('two phase engines whose wake-ups are dropped, repeated, delayed and told again', function () {
  this.timeout(8 * 60_000)
  let mongo: GivenMongo
  // Kept, so that a run need not make the indexes again.
  before(async () => {
    mongo = await givenMongo()
  })
  after(() => mongo?.[Symbol.asyncDispose]())

  const comesToRest = (given: GivenPhases, id: string, wish: State) =>
    wish === 'deleted'
      ? eventually(async () => assert.equal(await given.things.findOne({ _id: id }), null))
      : given.reaches(id, wish === 'active' ? 'Started' : 'Stopped')

  const wishAll = async (given: GivenPhases, { wishes: [first = 'active', ...later], isPatient }: Owner): Promise<string> => {
    const id = await given.insert({ state: first })
    if (isPatient) await comesToRest(given, id, first)
    for (const wish of later) {
      await given.want(id, wish)
      if (isPatient) await comesToRest(given, id, wish)
    }
    await comesToRest(given, id, later.at(-1) ?? first)
    return id
  }

  const run = async (owners: readonly Owner[], fates: readonly EventFate[], met: Set<string>) => {
    await using given = await givenPhases()
    const taken = new Map<string, string[]>()
    const taking =
      (name: string, decision: Decision<Thing>): Step<Thing> =>
      async ({ _id }) => {
        taken.set(_id, [...(taken.get(_id) ?? []), name])
        return decision
      }
    const machine = servedMachine<Thing>({
      create: taking('create', advanceTo('Created')),
      start: taking('start', advanceTo('Started')),
      stop: taking('stop', advanceTo('Stopped')),
      removeAll: taking('remove', remove),
    })
    const watchers: ReturnType<typeof createUnreliableWatcher>[] = []
    for (let engine = 0; engine < 2; engine++)
      await given.startEngine(machine, {
        limits: { tickMs: 50 },
        hearing(watcher) {
          const unreliable = createUnreliableWatcher(watcher, fates)
          watchers.push(unreliable)
          return unreliable
        },
      })
    const ids = await Promise.all(owners.map((each) => wishAll(given, each)))
    for (const [index, { wishes, isPatient }] of owners.entries()) {
      const steps = taken.get(ids[index] ?? '') ?? []
      const expected = stepsFor(wishes)
      // Whoever does not wait may have changed the wish before anybody acted on it.
      if (isPatient) assert.deepEqual(steps, expected, wishes.join())
      else assert.ok(isWithin(steps, expected), `${steps.join()} for ${wishes.join()}`)
    }
    for (const watcher of watchers) for (const fate of Object.keys(watcher.met())) met.add(fate)
  }

  it('come to what is wished, and take each step once for each wish', async () => {
    const met = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(owner, { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom(...eventFates), { minLength: 8, maxLength: 32 }),
        (owners, fates) => run(owners, fates, met),
      ),
      { seed: testSeed(), numRuns: soak(25, 200), endOnFailure: true },
    )
    assert.deepEqual([...met].sort(), [...eventFates].sort(), 'every fate was met')
  })
})
