import { type ApiClient, createApiClient } from '../../src/api/api-client.ts'
import type { GivenBackend } from './given-backend.ts'

export interface Person {
  readonly userId: string
  readonly name: string
  readonly api: ApiClient
}

export const apiOf = ({ apiUrl, token }: { apiUrl: string; token: string }): ApiClient => createApiClient(() => ({ apiUrl, token }))

/** A second person with an own token, who may do in hometax what the role allows. */
export async function givenPerson(backend: GivenBackend, name: string, role: 'admin' | 'developer' | 'approver'): Promise<Person> {
  const api = apiOf(backend)
  const { userId, token } = await api.call('createUser', { body: { name } })
  await api.call('putMember', { params: { gatewayId: 'hometax', userId }, body: { role } })
  return { userId, name, api: apiOf({ apiUrl: backend.apiUrl, token }) }
}

/** Saves a function of hometax and publishes it to dev. */
export async function publishedBy(api: ApiClient, name: string, code: string): Promise<void> {
  const params = { gatewayId: 'hometax', functionId: name }
  const known = await api.call('listFunctions', { params: { gatewayId: 'hometax' } })
  if (!known.items.some((item) => item.name === name)) await api.call('createFunction', { params: { gatewayId: 'hometax' }, body: { name, code } })
  const { refusal } = await api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code } })
  if (refusal) throw new Error(`${name} was refused: ${refusal.detail}`)
}
