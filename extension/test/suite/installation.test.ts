import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, signedIn } from '../support/in-host.ts'

const apiOf = (host: InHost) => host.inside.session.current?.api ?? assert.fail('Nobody is signed in.')

describe('regions in the editor', () => {
  const regionOf = async (host: InHost) => (await apiOf(host).call('listRegions', {})).items.find(({ regionId }) => regionId === 'busan')

  it('are listed with their runtimes, added, changed, chosen for a gateway and removed', async () => {
    const host = await signedIn()
    const added = answer(host, { pick: [/Add a region/], input: ['Busan', 'busan', 'busan.localhost'] })
    await vscode.commands.executeCommand('imprun.manageRegions')
    assert.match(added.offered[0] ?? '', /local · \d of \d runtimes running/)
    assert.ok(await regionOf(host))

    answer(host, { pick: [/Busan/, /Runtimes/, /Busan/, /Ports/, /Busan/, /only administrators/], input: ['0', '0', '5'] })
    await vscode.commands.executeCommand('imprun.manageRegions')
    const changed = await regionOf(host)
    assert.deepEqual([changed?.settings, changed?.isProtected], [{ portsFirst: 0, portsCount: 5, runtimes: 0 }, true])
    const wrong = answer(host, { pick: [/Busan/, /Runtimes/, /Busan/, /Runtimes/], input: ['many', '33'] })
    await vscode.commands.executeCommand('imprun.manageRegions')
    assert.equal(wrong.told[0], 'Use a whole number.')
    assert.equal(wrong.told.length, 2)

    const { asked } = answer(host, { input: ['Harbour', 'harbour'] })
    await vscode.commands.executeCommand('imprun.createGateway')
    assert.equal(asked.at(-1), 'Where is it to run?')

    answer(host, { pick: [/Busan/, /Remove the region/], confirm: true })
    await vscode.commands.executeCommand('imprun.manageRegions')
    assert.equal(await regionOf(host), undefined)
  })
})

describe('people in the editor', () => {
  it('are added with an access token that a panel shows once, and let into a gateway at once', async () => {
    const host = await signedIn()
    answer(host, { pick: [/Let a person in/, /Somebody new/, 'viewer'], input: ['Jiwoo'] })
    await vscode.commands.executeCommand('imprun.manageMembers')
    const { items } = await apiOf(host).call('listMembers', { params: { gatewayId: 'hometax' } })
    assert.deepEqual(items.find(({ name }) => name === 'Jiwoo')?.role, 'viewer')
    const tabs = () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)
    await eventually(() => assert.ok(tabs().some(({ label }) => label === 'Access token of Jiwoo')))
  })
})
