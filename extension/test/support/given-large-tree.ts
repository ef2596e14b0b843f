import { strict as assert } from 'node:assert'
import { eventually } from './eventually.ts'
import { givenHttpBackend } from './given-http-backend.ts'
import { activated } from './in-host.ts'
import { serveLargeCatalog } from './large-catalog.ts'

/** A window that is signed in to a backend with many gateways, and what it asks of it. */
export async function givenLargeTree() {
  const backend = await givenHttpBackend()
  serveLargeCatalog(backend)
  const host = await activated()
  const { session, views } = host.inside
  session.close()
  session.open({ apiUrl: backend.apiUrl, token: 'secret', userId: 'u', userName: 'kim' })
  await eventually(() => assert.equal(session.status, 'online'))
  await eventually(() => assert.ok(session.current?.catalog.deploymentLists.approvals.isLoaded))
  const asked = () => backend.calls.map(({ path, query }) => `${path}${query.has('status') ? `?status=${query.get('status')}` : ''}`)
  return {
    ...{ backend, session, views, asked, catalog: session.current?.catalog ?? assert.fail('Nobody is signed in.') },
    /** Everything that is asked until `work` is done. */
    async askedDuring(work: () => Promise<unknown>): Promise<string[]> {
      const before = asked().length
      await work()
      return asked().slice(before)
    },
    async [Symbol.asyncDispose]() {
      session.close()
      await backend[Symbol.asyncDispose]()
    },
  }
}
