import { strict as assert } from 'node:assert'
import type { Deployment, RouteBodyInput } from '@imprun/contracts'
import { eventually } from './eventually.ts'
import type { GivenBackend } from './given-backend.ts'
import { type GivenCallers, givenCallers } from './given-callers.ts'
import { givenPublished } from './given-gateway.ts'

export const answering = (value: number): string => `export default () => ({ value: ${value} })`
/** Loads well, and fails each call. */
export const failing = (value: number): string => `export default (req, res) => res.status(500).json({ value: ${value} })`
export const bodyOf = (value: number): string => JSON.stringify({ value })

/** Steps in `[percent, seconds]`. */
export const inSteps = (...steps: [number, number][]) => ({ canary: { steps: steps.map(([percent, holdS]) => ({ percent, holdS })) } })

export interface GivenCanary {
  readonly functionId: string
  /** Publishes the code to dev, and waits for what the publish answers. */
  publish(code: string, how?: Pick<RouteBodyInput<'publishFunction'>, 'canary' | 'healthCheck'>): Promise<{ status: number; body: Deployment }>
  find(deploymentId: string): Promise<Deployment>
  /** Waits until it looks like that. */
  until(deploymentId: string, check: (deployment: Deployment) => void, deadlineMs?: number): Promise<Deployment>
  ended(deploymentId: string, deadlineMs?: number): Promise<Deployment>
  /** What the audit log says of its going back by itself: who, from which version to which, why. */
  auditedReturns(deploymentId: string): Promise<unknown[][]>
  callers(options?: Parameters<typeof givenCallers>[1]): GivenCallers
}

/** A function that dev serves, answering 1. */
export async function givenCanary(backend: GivenBackend, gatewayId: string, functionId: string, code = answering(1)): Promise<GivenCanary> {
  await givenPublished(backend, gatewayId, functionId, code)
  const params = { gatewayId, functionId }
  const find = async (deploymentId: string): Promise<Deployment> => {
    const { items } = await backend.api.call('listDeployments', { params })
    const found = items.find((item) => item.deploymentId === deploymentId)
    assert.ok(found, `There is no deployment ${deploymentId} of ${functionId}.`)
    return found
  }
  const until: GivenCanary['until'] = (deploymentId, check, deadlineMs = 15_000) =>
    eventually(async () => {
      const found = await find(deploymentId)
      check(found)
      return found
    }, deadlineMs)
  return {
    functionId,
    async publish(newCode, how = {}) {
      await backend.api.call('saveFunction', { params, body: { code: newCode } })
      return backend.api.ask('publishFunction', { params, body: { environment: 'dev', ...how } })
    },
    find,
    until,
    ended: (deploymentId, deadlineMs) => until(deploymentId, ({ finishedAt, status }) => assert.ok(finishedAt, `It is ${status}.`), deadlineMs),
    async auditedReturns(deploymentId) {
      const { items } = await backend.api.call('listGatewayAudit', { params: { gatewayId }, query: { route: 'takeBackCanary' } })
      return items.filter(({ facts }) => facts.deploymentId === deploymentId).map(({ actor, facts }) => [actor, facts.from, facts.to, facts.reason])
    },
    callers: (options) => givenCallers(() => `${backend.connection.edgeUrl}/${gatewayId}/dev/${functionId}`, options),
  }
}
