import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from './eventually.ts'
import { givenHttpBackend } from './given-http-backend.ts'
import { activated, answer } from './in-host.ts'
import { serveLargeCatalog } from './large-catalog.ts'

/** A window that is signed in to a backend with many gateways, and what it asks of it. */
export async function givenLargeTree() {
  const backend = await givenHttpBackend()
  serveLargeCatalog(backend)
  const host = await activated()
  const { session, views } = host.inside
  // Whatever runs on this machine or was signed in to before: this one is meant.
  answer(host, { pick: ['Sign in to another backend…', 'Another backend…'], input: [backend.apiUrl, 'secret'] })
  await vscode.commands.executeCommand('imprun.switchBackend')
  await eventually(() => assert.deepEqual([session.current?.backend.apiUrl, session.status], [backend.apiUrl, 'online']))
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
      await vscode.commands.executeCommand('imprun.signOut')
      await eventually(() => assert.notEqual(session.current?.backend.apiUrl, backend.apiUrl))
      await backend[Symbol.asyncDispose]()
    },
  }
}
