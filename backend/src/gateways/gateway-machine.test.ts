import { strict as assert } from 'node:assert'
import type { Phase, State } from '@imprun/contracts'
import fc from 'fast-check'
import { testSeed } from '../../test/support/seed.ts'
import { createEnvironmentMachine } from '../environments/environment-machine.ts'
import { newEnvironments, type StoredEnvironment } from '../environments/environment-store.ts'
import { findStep, type Machine } from '../phases/machine.ts'
import { newPhaseDocument, type PhaseDocument } from '../phases/phase-document.ts'
import { systemClock } from '../platform/clock.ts'
import { createGatewayMachine } from './gateway-machine.ts'
import type { StoredGateway } from './gateway-store.ts'

type Fault = 'none' | 'fails' | 'dies'
type Event = { wish: State } | { fault: Fault; of: 'gateway' | 'environments' }

const context = { signal: new AbortController().signal, fence: 0, confirm: async () => 60_000 }

/** A gateway in memory, moved by the real tables: what the engine does, without claims, waits and MongoDB. */
function givenWorld() {
  const facts = { gatewayId: 'shop', ownerId: 'ada', database: 'separate', regionId: 'local', bundle: {} as never, fence: 0 } as const
  let gateway: StoredGateway | undefined = { _id: 'shop', name: 'Shop', pipeline: 'on', ...newPhaseDocument(new Date()), ...facts }
  let environments: StoredEnvironment[] = newEnvironments(facts, new Date())
  const served = new Set<string>()
  const gatewayMachine = createGatewayMachine({
    environments: {
      listOf: async () => environments,
      begin: async () => {
        const begun = { active: 'Starting', inactive: 'Created', deleted: 'Created' } as const
        environments = environments.map(({ phase, state, ...rest }) => ({ ...rest, state, phase: phase === 'Creating' ? begun[state] : phase }))
      },
      nudgeAll: async () => {},
      want: async (_, state) => {
        environments = environments.map((environment) => ({ ...environment, state, gatewayState: state }))
      },
    },
    settings: { ensure: async () => {} },
    placement: { placeNew: async () => {} },
    databases: { drop: async () => {} },
    users: { allowFront: async () => {}, forbidFront: async () => {} },
    contents: [],
    recordLeftovers: async () => {},
  })
  const environmentMachine = createEnvironmentMachine({
    databases: { dropData: async () => {} },
    users: { dropEnvironmentUser: async () => {} },
    settings: { ensure: async () => {} },
    gateways: { noteLeftovers: async () => {} },
    clock: systemClock,
    placement: {
      placeNew: async () => {},
      ensureServed: async ({ _id }) => ({ runtimeId: served.add(_id) && 'runtime-1' }),
      ensureUnserved: async ({ _id }) => served.delete(_id) || true,
    },
  })
  const move = async <Document extends PhaseDocument>(machine: Machine<Document>, document: Document, fault: Fault): Promise<Document | undefined> => {
    const step = findStep(machine, document)
    if (!step || fault === 'fails') return document
    const decision = await step(document, context)
    if (fault === 'dies' || decision.kind === 'tryAgain') return document
    return decision.kind === 'remove' ? undefined : ({ ...document, ...decision.set, phase: decision.phase } as Document)
  }
  const moveGateway = async (fault: Fault = 'none') => {
    gateway = gateway && (await move(gatewayMachine, gateway, fault))
  }
  const moveEnvironments = async (fault: Fault = 'none') => {
    const moved: StoredEnvironment[] = []
    for (const environment of environments) {
      const after = await move(environmentMachine, environment, fault)
      if (after) moved.push(after)
    }
    environments = moved
  }
  return {
    moveGateway,
    moveEnvironments,
    wish(state: State) {
      if (gateway && gateway.state !== 'deleted') gateway = { ...gateway, state }
    },
    state: () => gateway?.state,
    phases: (): (Phase | undefined)[] => [gateway?.phase, ...environments.map(({ phase }) => phase)],
    served: () => served.size,
  }
}

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ wish: fc.constantFrom<State>('active', 'inactive', 'active', 'inactive', 'deleted') }),
  fc.record({ fault: fc.constantFrom<Fault>('none', 'none', 'fails', 'dies'), of: fc.constantFrom('gateway', 'environments') }),
)
/** From anywhere to anywhere: both tables have eight phases, and every third round may be one that only waits. */
const roundsMax = 30

describe('a gateway whose owner changes his mind while steps fail and processes die', () => {
  it('ends where the last wish says within some rounds, and stays there', async () => {
    const property = fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const world = givenWorld()
      for (const happens of events) {
        if ('wish' in happens) world.wish(happens.wish)
        else if (happens.of === 'gateway') await world.moveGateway(happens.fault)
        else await world.moveEnvironments(happens.fault)
      }
      const rounds = async (count: number) => {
        for (let round = 0; round < count; round++) {
          await world.moveGateway()
          await world.moveEnvironments()
        }
      }
      const wanted = { active: ['Started', 3], inactive: ['Stopped', 0], deleted: [undefined, 0] } as const
      const [phase, served] = wanted[world.state() ?? 'deleted']
      const expected = phase === undefined ? [undefined] : [phase, phase, phase, phase]
      for (const count of [roundsMax, 3]) {
        await rounds(count)
        assert.deepEqual(world.phases(), expected)
        assert.equal(world.served(), served)
      }
    })
    await fc.assert(property, { seed: testSeed(), numRuns: 500 })
  })
})
