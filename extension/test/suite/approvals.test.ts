import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { type ApiClient, createApiClient } from '../../src/api/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, rows, signedIn } from '../support/in-host.ts'

const gatewayId = 'hometax'
const params = { gatewayId }
const rowOf = (host: InHost, environment: string) => rowAt(host.inside.views.gateways, 'Home tax', environment)
const apiOf = (host: InHost) => host.inside.session.current?.api ?? assert.fail('Nobody is signed in.')

/** A person with an own token, let in by the editor's own command. */
async function letIn(host: InHost, name: string, role: string): Promise<ApiClient> {
  const { token } = await apiOf(host).call('createUser', { body: { name } })
  const members = answer(host, { pick: ['$(person-add) Let a person in…', name, role] })
  await vscode.commands.executeCommand('imprun.manageMembers')
  assert.ok(
    members.offered.some((text) => text.startsWith(`$(person) ${name} `)),
    'The list comes back with the new member.',
  )
  const apiUrl = host.inside.session.current?.backend.apiUrl ?? ''
  return createApiClient(() => ({ apiUrl, token }))
}

async function protectStaging(host: InHost, approvals: string): Promise<void> {
  answer(host, { pick: ['$(verified) Approvals', approvals] })
  await vscode.commands.executeCommand('imprun.editProtection', (await rowOf(host, 'staging')).node)
}

async function givenFunction(host: InHost, name: string): Promise<void> {
  await apiOf(host).call('createFunction', { params, body: { name, code: 'export default () => ({ ok: true })\n' } })
  await apiOf(host).call('publishFunction', { params: { ...params, functionId: name }, body: { environment: 'dev' } })
}

async function promote(api: ApiClient, name: string) {
  return api.call('promoteFunction', { params: { ...params, functionId: name }, body: { from: 'dev', to: 'staging' } })
}

describe('approvals in the editor', () => {
  after(async () => {
    const host = await signedIn()
    await apiOf(host).call('patchEnvironment', { params: { ...params, environment: 'staging' }, body: { protection: { approvals: 0, freezes: [] } } })
  })

  it('ask for a decision in a notification, and a reason for a no', async () => {
    const host = await signedIn()
    const { views } = host.inside
    const mina = await letIn(host, 'Mina', 'developer')
    await protectStaging(host, '1')
    await eventually(async () => assert.match((await rowOf(host, 'staging')).text, /protected/))
    await givenFunction(host, 'asked')
    const { told, asked } = answer(host, { offer: 'Reject…', input: ['Not on a Friday'] })
    const { deploymentId } = await promote(mina, 'asked')
    await eventually(() => assert.ok(told.includes('Mina asks for your approval to deploy asked 1.0.0 to hometax/staging.')))
    await eventually(() => assert.deepEqual(asked, ['Why is asked 1.0.0 not to go to hometax/staging?']))
    const [ended] = await eventually(async () => {
      const { items } = await mina.call('listGatewayDeployments', { params, query: { environment: 'staging', status: 'FAILED' } })
      assert.equal(items[0]?.deploymentId, deploymentId)
      return items
    })
    assert.equal(ended?.error?.code, 'APPROVAL_REJECTED')
    await eventually(async () => assert.ok(!(await rows(views.deployments)).some(({ text }) => text.startsWith('Waiting for your approval'))))
  })

  it('are given from the row that waits, and taken back by who asked', async () => {
    const host = await signedIn()
    const { deployments } = host.inside.views
    const ben = await letIn(host, 'Ben', 'admin')
    await protectStaging(host, '1')
    await givenFunction(host, 'given')
    answer(host)
    await promote(ben, 'given')
    const { node } = await eventually(async () => {
      const group = await rowAt(deployments, 'Waiting for your approval')
      const [row] = await rows(deployments, (group ?? assert.fail()).node)
      assert.match(row?.text ?? '', /^given 1\.0\.0 \| dev → staging · waits for approval, 0 of 1 · Ben$/)
      return row ?? assert.fail('Nothing waits.')
    })
    assert.equal(node.toTreeItem().contextValue, 'deployment;waiting;yours')
    answer(host)
    await vscode.commands.executeCommand('imprun.approve', node)
    await eventually(async () => assert.match((await rowAt(host.inside.views.gateways, 'Home tax', 'staging', 'given')).text, /^given \| 1\.0\.0$/))

    await givenFunction(host, 'withdrawn')
    await promote(apiOf(host), 'withdrawn')
    const mine = await eventually(async () => {
      // Until the list is read anew, the first of that name is the one to dev.
      const first = await rowAt(deployments, 'withdrawn 1.0.0')
      assert.equal(first.node.toTreeItem().contextValue, 'deployment;waiting;mine')
      return first
    })
    const takenBack = answer(host, { confirm: true })
    await vscode.commands.executeCommand('imprun.cancelDeployment', mine.node)
    assert.deepEqual(takenBack.asked, ['Take back withdrawn 1.0.0 to hometax/staging?'])
    await eventually(async () => assert.match((await rowAt(deployments, 'withdrawn 1.0.0')).text, /FAILED/))
  })
})

describe('the history of deployments', () => {
  it('is narrowed by the server, and each of it opens as a page', async () => {
    const host = await signedIn()
    const { deployments } = host.inside.views
    await givenFunction(host, 'narrowed')
    answer(host, { pick: ['By function name'], input: ['narrow'] })
    await vscode.commands.executeCommand('imprun.filterDeployments')
    const shown = await eventually(async () => {
      const all = await rows(deployments)
      assert.deepEqual(
        all.map(({ text }) => text.split(' ')[0]),
        ['narrowed'],
      )
      return all[0] ?? assert.fail()
    })
    await vscode.commands.executeCommand('imprun.showDeployment', shown.node)
    const page = await eventually(() => {
      const { document } = vscode.window.activeTextEditor ?? assert.fail('No editor is open.')
      assert.equal(document.uri.scheme, 'imprun-page')
      return document.getText()
    })
    assert.match(page, /Function +hometax\/narrowed\nEnvironment +dev\nVersion +1\.0\.0\nStatus +SUCCESS/)
    answer(host, { pick: ['Show all again'] })
    await vscode.commands.executeCommand('imprun.filterDeployments')
    await eventually(async () => assert.ok((await rows(deployments)).length > 1))
  })
})

describe('a single environment', () => {
  it('stops and starts by itself', async () => {
    const host = await signedIn()
    const stopped = answer(host, { confirm: true })
    await vscode.commands.executeCommand('imprun.stopEnvironment', (await rowOf(host, 'prod')).node)
    assert.deepEqual(stopped.asked, ['Stop hometax/prod?'])
    await eventually(async () => assert.match((await rowOf(host, 'prod')).text, /Stopped/))
    assert.match((await rowOf(host, 'dev')).text, /localhost/)
    await vscode.commands.executeCommand('imprun.startEnvironment', (await rowOf(host, 'prod')).node)
    await eventually(async () => assert.match((await rowOf(host, 'prod')).text, /localhost/))
  })
})
