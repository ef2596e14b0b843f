import { strict as assert } from 'node:assert'
import type { EnvironmentName, Gateway } from '@imprun/contracts'
import { eventually } from './eventually.ts'
import type { GivenBackend } from './given-backend.ts'

/** The function of the user's document, told apart by its rate. */
export const taxCode = (rate: number): string => `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  if (!income || !deductions) return res.status(400).json({ error: 'Missing required fields' })
  const tax = (income - deductions) * ${rate}
  await imp.db().collection('tax_calculations').insertOne({ income, deductions, tax, calculatedAt: new Date() })
  return res.json({ tax })
}
`
export const taxInput = { income: 50_000_000, deductions: 10_000_000 }
/** What `taxCode(0.22)` answers to `taxInput`. */
export const taxAtRate22 = 8_800_000

/** Creates a gateway and waits until it is Started. */
export async function givenGateway({ api }: Pick<GivenBackend, 'api'>, gatewayId: string): Promise<Gateway> {
  await api.call('createGateway', { body: { name: gatewayId, gatewayId } })
  return eventually(async () => {
    const gateway = await api.call('getGateway', { params: { gatewayId } })
    assert.equal(gateway.phase, 'Started', gateway.lastError?.message)
    return gateway
  }, 15_000)
}

/** Creates the function and publishes it to dev. */
export async function givenPublished({ api }: Pick<GivenBackend, 'api'>, gatewayId: string, name: string, code: string): Promise<void> {
  await api.call('createFunction', { params: { gatewayId }, body: { name, code } })
  await api.call('publishFunction', { params: { gatewayId, functionId: name }, body: { environment: 'dev' } })
}

export interface EdgeAnswer {
  status: number
  body: unknown
}

/** One call from outside, through the edge, as a consumer makes it. */
export async function callFunction(
  { connection }: Pick<GivenBackend, 'connection'>,
  target: { gatewayId: string; environment: EnvironmentName; name: string; apiKey?: string | undefined; input?: unknown },
): Promise<EdgeAnswer> {
  const response = await fetch(`${connection.edgeUrl}/${target.gatewayId}/${target.environment}/${target.name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(target.apiKey ? { apikey: target.apiKey } : {}) },
    body: JSON.stringify(target.input ?? taxInput),
  })
  return { status: response.status, body: await response.json() }
}
