import type { MemberRole } from '@imprun/contracts'
import type { Api } from './api.ts'
import type { GivenBackend } from './given-backend.ts'

export interface Person {
  userId: string
  name: string
  api: Api
  /** A program of theirs. */
  service: Api
}

/** A further person of the installation, with a person's token and a service token. */
export async function givenPerson({ api }: Pick<GivenBackend, 'api'>, name: string): Promise<Person> {
  const { userId, token } = await api.call('createUser', { body: { name } })
  const theirs = api.withToken(token)
  const service = await theirs.call('createAccessToken', { body: { name: 'ci', kind: 'service' } })
  return { userId, name, api: theirs, service: api.withToken(service.token) }
}

/** The same, who is a member of the gateway. */
export async function givenMember(backend: Pick<GivenBackend, 'api'>, gatewayId: string, name: string, role: Exclude<MemberRole, 'owner'>): Promise<Person> {
  const person = await givenPerson(backend, name)
  await backend.api.call('putMember', { params: { gatewayId, userId: person.userId }, body: { role } })
  return person
}
