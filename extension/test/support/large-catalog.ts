import type { Gateway, ImprunFunction } from '@imprun/contracts'
import type { HttpBackend } from './given-http-backend.ts'
import { sampleEnvironment, sampleFunction, sampleGateway, sampleServed } from './samples.ts'

export const gatewayCount = 200
export const functionCount = 50

const idOf = (index: number) => `gateway-${String(index).padStart(3, '0')}`
const nameOf = (index: number) => `function${String(index).padStart(2, '0')}`

export const largeGateway = (index: number): Gateway => ({
  ...sampleGateway(idOf(index)),
  environments: (['dev', 'staging', 'prod'] as const).map((name) => sampleEnvironment(idOf(index), name)),
})

export const largeFunction = (gatewayId: string, index: number, more: Partial<ImprunFunction> = {}): ImprunFunction =>
  sampleFunction(nameOf(index), { gatewayId, functionId: `${gatewayId}-${nameOf(index)}`, served: [sampleServed('dev', '1.0.0')], isLiveInDev: true, ...more })

/** Has the server answer as one with 200 gateways of 50 functions each does, filters included. */
export function serveLargeCatalog(backend: HttpBackend): void {
  const gateways = Array.from({ length: gatewayCount }, (_, index) => largeGateway(index))
  const named = <Item extends { name: string }>(items: Item[], filter: string | null) => items.filter(({ name }) => name.includes(filter ?? ''))
  backend.on('GET /account', () => ({ json: { userId: 'u', name: 'kim' } }))
  backend.on('GET /api-gateways', ({ query }) => ({ json: { items: named(gateways, query.get('filter')) } }))
  for (const path of ['/approvals', '/applications', '/ai-gateway/mcp-tools']) backend.on(`GET ${path}`, () => ({ json: { items: [] } }))
  for (const { gatewayId } of gateways) {
    const functions = Array.from({ length: functionCount }, (_, index) => largeFunction(gatewayId, index))
    backend.on(`GET /api-gateways/${gatewayId}/functions`, ({ query }) => ({ json: { items: named(functions, query.get('filter')) } }))
    backend.on(`GET /api-gateways/${gatewayId}/deployments`, () => ({ json: { items: [] } }))
  }
}
