import { type Connection, type Gateway, type ImprunFunction, type Problem, routePath, routes } from '@imprun/contracts'
import type { Clock } from '../platform/clock.ts'
import { calculateTaxCode } from './calculate-tax.ts'

export const demoGatewayId = 'hometax'
export const demoFunctionName = 'calculateTax'

type RouteNames = 'createGateway' | 'getGateway' | 'createFunction' | 'getFunction' | 'publishFunction'
const readyTimeoutMs = 60_000
const lookEveryMs = 100

export interface DemoOptions {
  connection: Connection
  clock: Clock
  progress(line: string): void
  signal: AbortSignal | undefined
}

/**
 * Makes the gateway that a newcomer meets, over the same API that everybody uses. What an earlier attempt has made is taken as it is.
 * @throws Error with the API's own words.
 */
export async function makeDemo({ connection, clock, progress, signal }: DemoOptions): Promise<void> {
  const call = createCaller(connection, signal)
  const params = { gatewayId: demoGatewayId }
  progress(`Creating the demo gateway "${demoGatewayId}" with the function ${demoFunctionName}`)
  await call('createGateway', {}, { name: 'Home tax', gatewayId: demoGatewayId }, ['GATEWAY_ID_TAKEN'])
  await untilStarted(() => call('getGateway', params) as Promise<Gateway>, clock, signal)
  await call('createFunction', params, { name: demoFunctionName, code: calculateTaxCode }, ['FUNCTION_NAME_TAKEN'])
  await call('publishFunction', { ...params, functionId: demoFunctionName }, { environment: 'dev' })
}

/** Whether there is something to show: the owner may have deleted or stopped it. */
export async function isDemoServed(connection: Connection): Promise<boolean> {
  const call = createCaller(connection, undefined)
  const params = { gatewayId: demoGatewayId }
  const [gateway, stored] = await Promise.all([
    call('getGateway', params, undefined, ['GATEWAY_NOT_FOUND']) as Promise<Gateway | undefined>,
    call('getFunction', { ...params, functionId: demoFunctionName }, undefined, ['GATEWAY_NOT_FOUND', 'FUNCTION_NOT_FOUND']) as Promise<
      ImprunFunction | undefined
    >,
  ])
  const dev = gateway?.environments.find(({ name }) => name === 'dev')
  return dev?.phase === 'Started' && stored?.served.some(({ environment }) => environment === 'dev') === true
}

async function untilStarted(getGateway: () => Promise<Gateway>, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = clock.monotonicMs() + readyTimeoutMs
  for (;;) {
    const gateway = await getGateway()
    const dev = gateway.environments.find(({ name }) => name === 'dev')
    if (dev?.phase === 'Started') return
    const { phase, lastError } = dev ?? gateway
    if (clock.monotonicMs() > deadlineMs) throw new Error(`The gateway is still ${phase}. ${lastError?.message ?? ''}`.trim())
    await clock.sleepMs(lookEveryMs, signal)
  }
}

const createCaller =
  ({ apiUrl, token }: Connection, signal: AbortSignal | undefined) =>
  async (name: RouteNames, params: Record<string, string>, body?: unknown, allowed: readonly string[] = []): Promise<unknown> => {
    const answer = await fetch(new URL(routePath(name, params as never), apiUrl), {
      method: routes[name].method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
    const content = (await answer.json()) as unknown
    if (answer.ok) return content
    const problem = content as Problem
    if (allowed.includes(problem.code)) return undefined
    throw new Error(problem.detail)
  }
