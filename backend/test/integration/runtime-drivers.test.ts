import type { EnvironmentRef } from '../../src/runtime-driver/runtime-driver.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { givenDriver } from '../support/given-driver.ts'
import { describeRuntimeDriver } from '../support/runtime-driver-contract.ts'

describeRuntimeDriver('the fake driver', async () => {
  const driver = createFakeDriver()
  return { driver, served: async () => [...driver.assigned.keys()].sort(), async [Symbol.asyncDispose]() {} }
})

describeRuntimeDriver('the process driver with a runtime that serves nothing', async () => {
  const given = await givenDriver()
  const driver = given.newLife()
  const served = async () => (await (await fetch(`${driver.edgeUrl()}`)).json()) as string[]
  return { driver, served, [Symbol.asyncDispose]: () => given[Symbol.asyncDispose]() }
})

describeRuntimeDriver('the process driver', async () => {
  const given = await givenDriver({ runtime: 'real' })
  const driver = given.newLife()
  const environments: EnvironmentRef[] = (['dev', 'prod'] as const).map((environment) => ({ gatewayId: 'hometax', environment, database: 'separate' }))
  for (const ref of environments) await given.prepare(ref)
  /** What a real runtime answers for a function that does not exist tells whether it serves the environment. */
  const isServed = async ({ gatewayId, environment }: EnvironmentRef) => {
    const { code } = (await (await fetch(`${driver.edgeUrl()}/${gatewayId}/${environment}/absent`)).json()) as { code: string }
    return code === 'FUNCTION_NOT_FOUND'
  }
  const served = async () => {
    const answers = await Promise.all(environments.map(isServed))
    return environments.filter((_, index) => answers[index]).map(({ gatewayId, environment }) => `${gatewayId}/${environment}`)
  }
  return { driver, served, [Symbol.asyncDispose]: () => given[Symbol.asyncDispose]() }
})
