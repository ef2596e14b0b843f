import { strict as assert } from 'node:assert'
import { phases, states } from '@imprun/contracts'
import { createEnvironmentMachine } from '../environments/environment-machine.ts'
import { createGatewayMachine } from '../gateways/gateway-machine.ts'
import { createInstanceMachine } from '../instances/instance-machine.ts'
import { systemClock } from '../platform/clock.ts'
import { rest } from './decisions.ts'
import { findStep, type Machine, restingPairs } from './machine.ts'
import type { PhaseDocument } from './phase-document.ts'

const nothing = async () => {}
const environmentMachine = createEnvironmentMachine({
  databases: { dropData: nothing },
  users: { dropEnvironmentUser: nothing },
  settings: { ensure: nothing },
  gateways: { noteLeftovers: nothing },
  clock: systemClock,
  placement: { ensureServed: async () => ({}), placeNew: nothing, ensureUnserved: async () => true },
})
const gatewayMachine = createGatewayMachine({
  environments: { listOf: async () => [], want: nothing, begin: nothing, nudgeAll: nothing },
  settings: { ensure: nothing },
  placement: { placeNew: nothing },
  databases: { drop: nothing },
  users: { allowFront: nothing, forbidFront: nothing },
  contents: [],
  recordLeftovers: nothing,
})
const instanceMachine = createInstanceMachine({ environments: { findById: async () => undefined }, driverOf: () => undefined, forget: nothing })
const machines: Record<string, Machine<PhaseDocument>> = {
  environments: environmentMachine as unknown as Machine<PhaseDocument>,
  runtimeInstances: instanceMachine as unknown as Machine<PhaseDocument>,
  gateways: gatewayMachine as unknown as Machine<PhaseDocument>,
}

for (const [kind, machine] of Object.entries(machines)) {
  describe(`the machine of ${kind}`, () => {
    it('has one owner, or rest, for every phase and wish', () => {
      for (const phase of phases) {
        assert.deepEqual(Object.keys(machine[phase]), [...states], phase)
        for (const state of states) assert.ok(machine[phase][state] === rest || typeof machine[phase][state] === 'function')
      }
    })

    it('rests only where the wish is met', () => {
      const atRest = restingPairs(machine).map(({ phase, state }) => `${phase}/${state}`)
      assert.deepEqual(atRest, ['Started/active', 'Stopped/inactive', 'Deleted/active', 'Deleted/inactive', 'Deleted/deleted'])
    })

    it('leaves alone what it does not know', () => {
      assert.equal(findStep(machine, { phase: 'Exploding' as 'Creating', state: 'active' }), undefined)
    })
  })
}
