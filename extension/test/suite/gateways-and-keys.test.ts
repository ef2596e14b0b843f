import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, rows, signedIn } from '../support/in-host.ts'

const gatewayRows = async (host: InHost) => (await rows(host.inside.views.gateways)).map(({ text }) => text)

describe('gateways', () => {
  it('appear at once, move to Started by themselves with three environments, and go when their name is typed', async () => {
    const host = await signedIn()
    answer(host, { input: ['Shopping', 'shopping'], pick: ['The usual'] })
    await vscode.commands.executeCommand('imprun.createGateway')
    assert.ok((await gatewayRows(host)).some((text) => text.startsWith('Shopping | shopping ·')))
    await eventually(async () => assert.ok((await gatewayRows(host)).includes('Shopping | shopping · Started')), 15_000)
    const { node } = await rowAt(host.inside.views.gateways, 'Shopping')
    assert.deepEqual(
      (await rows(host.inside.views.gateways, node)).map(({ text }) => text.split(' | ')[0]),
      ['dev', 'staging', 'prod'],
    )

    answer(host, { input: ['shoping'] })
    await vscode.commands.executeCommand('imprun.deleteGateway', node)
    assert.ok((await gatewayRows(host)).some((text) => text.startsWith('Shopping |')))
    answer(host, { input: ['shopping'] })
    await vscode.commands.executeCommand('imprun.deleteGateway', node)
    await eventually(async () => assert.ok(!(await gatewayRows(host)).some((text) => text.startsWith('Shopping |'))), 15_000)
  })

  it('get the bundle that is chosen with them, and another one later', async () => {
    const host = await signedIn()
    const gateway = () => host.inside.session.current?.catalog.gateways.find('sized')
    answer(host, { input: ['Sized', 'sized', '256Mi', '250m'], pick: ['Something else…', 'nodejs22'] })
    await vscode.commands.executeCommand('imprun.createGateway')
    assert.deepEqual(gateway()?.bundle, { runtime: 'nodejs22', memory: '256Mi', cpu: '250m' })
    const { node } = await rowAt(host.inside.views.gateways, 'Sized')
    await eventually(() => assert.equal(gateway()?.phase, 'Started'), 30_000)
    const { asked, told } = answer(host, { pick: [/Memory/, /CPU/], input: ['384Mi', 'much'] })
    await vscode.commands.executeCommand('imprun.editBundle', node)
    assert.deepEqual(asked.slice(0, 2), ['Each environment of Sized may use', 'Memory of each environment'])
    assert.deepEqual(told, ['$(server) sized: nodejs22 · 384Mi · 250m', 'Use millicores such as "500m" or whole cores such as "1".'])
    await eventually(() => assert.equal(gateway()?.bundle.memory, '384Mi'))
    answer(host, { input: ['sized'] })
    await vscode.commands.executeCommand('imprun.deleteGateway', node)
    await eventually(() => assert.equal(gateway(), undefined), 30_000)
  })

  it('refuse names in the words of the contracts, before anything is sent', async () => {
    const host = await signedIn()
    const { told } = answer(host, { input: ['Admin', 'admin'] })
    await vscode.commands.executeCommand('imprun.createGateway')
    assert.deepEqual(told, ['This name is reserved. Choose another one.'])
  })

  it('have stable row ids, and show folders of function names', async () => {
    const host = await signedIn()
    answer(host, { input: ['orders/list'], pick: ['JSON answer'] })
    await vscode.commands.executeCommand('imprun.createFunction')
    const { node } = await eventually(() => rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'orders', 'list'))
    assert.equal(node.id, 'hometax/dev/orders/list')
    assert.equal(host.inside.views.gateways.getParent(node)?.id, 'hometax/dev/orders/')
  })
})

describe('keys', () => {
  // In prod, which no other test calls.
  it('open what they were issued for, are shown by their hint alone, and open nothing after revocation', async () => {
    const host = await signedIn()
    const { catalog } = host.inside.session.current ?? assert.fail('Nobody is signed in.')
    const environment = async () => (await rowAt(host.inside.views.gateways, 'Home tax', 'prod')).node
    answer(host, { pick: ['key-auth'] })
    await vscode.commands.executeCommand('imprun.setAuth', await environment())
    const prod = catalog.gateways.find('hometax')?.environments.find(({ name }) => name === 'prod')
    const status = async () => (await host.call(`${prod?.pathUrl}/calculateTax`)).status
    assert.equal(await status(), 401)

    answer(host, { input: ['Mobile app', 'National Tax Service'] })
    await vscode.commands.executeCommand('imprun.createGrant', await environment())
    const grant = await eventually(async () => (await rowAt(host.inside.views.applications, 'Mobile app', 'hometax/prod')).node)
    const [key] = await rows(host.inside.views.applications, grant)
    assert.match(key?.text ?? '', /^imp_prod_…\w{4} \| since /)
    await eventually(() => assert.ok(findTab('New key for Mobile app'), 'The panel with the key is not open.'))

    const { told } = answer(host, { confirm: true })
    await vscode.commands.executeCommand('imprun.revokeKey', key?.node)
    assert.match(told.join('\n'), /^Revoked imp_prod_…\w{4}$/)
    await eventually(async () => assert.match((await rowAt(host.inside.views.applications, 'Mobile app', 'hometax/prod')).text, /revoked/))
    answer(host, { pick: ['none'] })
    await vscode.commands.executeCommand('imprun.setAuth', await environment())
    await eventually(async () => assert.notEqual(await status(), 401))
  })
})

const findTab = (title: string) => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ label }) => label === title)

describe('tools', () => {
  it('are registered from a function and listed with its place', async () => {
    const host = await signedIn()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'calculateTax')
    answer(host, { input: ['calculate_tax', 'Calculates the income tax.'], pick: ['dev'] })
    await vscode.commands.executeCommand('imprun.registerTool', node)
    await eventually(async () =>
      assert.deepEqual(
        (await rows(host.inside.views.tools)).map(({ text }) => text),
        ['calculate_tax | hometax/dev/calculateTax'],
      ),
    )
  })
})
