import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, rows, signedIn } from '../support/in-host.ts'

/** A new function that dev serves, so that each test begins with nothing promoted. */
async function createFunction(host: InHost, name: string): Promise<void> {
  answer(host, { input: [name], pick: ['JSON answer'] })
  await vscode.commands.executeCommand('imprun.createFunction')
  await eventually(async () => assert.match((await rowAt(host.inside.views.gateways, 'Home tax', 'dev', name)).text, /1\.0\.0/))
}
const versionIn = async (host: InHost, environment: string, name: string) => (await rowAt(host.inside.views.gateways, 'Home tax', environment, name)).text

describe('promotion', () => {
  it('shows the difference, asks once, and puts the same release into staging and then prod', async () => {
    const host = await signedIn()
    await createFunction(host, 'promoted')
    const inDev = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'promoted')
    const toStaging = answer(host, { offer: 'Promote to staging' })
    await vscode.commands.executeCommand('imprun.promote', inDev.node)
    assert.deepEqual(toStaging.told.slice(0, 1), ['Promote promoted 1.0.0 to staging?'])
    assert.match(toStaging.told[1] ?? '', /Deployed from dev to staging \(version: 1\.0\.0\)/)
    await eventually(async () => assert.match(await versionIn(host, 'staging', 'promoted'), /1\.0\.0/))

    const inStaging = await rowAt(host.inside.views.gateways, 'Home tax', 'staging', 'promoted')
    const toProd = answer(host, { confirm: true })
    await vscode.commands.executeCommand('imprun.promote', inStaging.node)
    assert.deepEqual(toProd.asked, ['Promote promoted 1.0.0 to prod?'])
    await eventually(async () => assert.match(await versionIn(host, 'prod', 'promoted'), /1\.0\.0/))
  })

  it('does nothing when the question is waved away', async () => {
    const host = await signedIn()
    await createFunction(host, 'hesitated')
    answer(host)
    await vscode.commands.executeCommand('imprun.promote', (await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'hesitated')).node)
    await assert.rejects(versionIn(host, 'staging', 'hesitated'))
    assert.deepEqual(
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof vscode.TabInputTextDiff),
      [],
    )
  })

  it("is refused in the backend's words where prod comes before staging", async () => {
    const host = await signedIn()
    await createFunction(host, 'hasty')
    await vscode.commands.executeCommand('workbench.action.closeAllEditors')
    const { told } = answer(host, { pick: ['hasty', 'dev → prod'], confirm: true })
    await vscode.commands.executeCommand('imprun.promote')
    assert.match(told.at(-1) ?? '', /staging/)
    await assert.rejects(versionIn(host, 'prod', 'hasty'))
  })

  it('opens what staging serves as a text of the backend, not as a file', async () => {
    const host = await signedIn()
    await createFunction(host, 'shown')
    answer(host, { offer: 'Promote to staging' })
    await vscode.commands.executeCommand('imprun.promote', (await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'shown')).node)
    const { node } = await eventually(() => rowAt(host.inside.views.gateways, 'Home tax', 'staging', 'shown'))
    await vscode.commands.executeCommand('imprun.openFunction', node)
    const document = vscode.window.activeTextEditor?.document
    assert.equal(document?.uri.scheme, 'imprun')
    assert.match(document?.getText() ?? '', /Hello/)
  })

  it('takes out of the target what the source does not serve, when that is chosen', async () => {
    const host = await signedIn()
    const { api, catalog } = host.inside.session.current ?? assert.fail('Nobody is signed in.')
    const params = { gatewayId: 'leaving' }
    await api.call('createGateway', { body: { name: 'Leaving', ...params } })
    await api.call('patchGateway', { params, body: { pipeline: 'off' } })
    await eventually(() => assert.equal(catalog.gateways.find('leaving')?.phase, 'Started'), 30_000)
    await api.call('createFunction', { params, body: { name: 'old', code: 'export default () => 1\n' } })
    await api.call('publishFunction', { params: { ...params, functionId: 'old' }, body: { environment: 'staging' } })
    const dev = await rowAt(host.inside.views.gateways, 'Leaving', 'dev')

    const { asked, told } = answer(host, { pick: ['Take it out of staging'], offer: 'Promote all to staging' })
    await vscode.commands.executeCommand('imprun.promoteAll', dev.node)

    assert.deepEqual(asked, ['staging serves what dev does not: old'])
    assert.equal(told[0], 'Take out of staging: old?')
    assert.deepEqual((await api.call('getFunction', { params: { ...params, functionId: 'old' } })).served, [])
    await api.call('deleteGateway', { params })
    await eventually(() => assert.equal(catalog.gateways.find('leaving'), undefined), 30_000)
  })

  it('stands in the history with its words and its time', async () => {
    const host = await signedIn()
    await createFunction(host, 'remembered')
    answer(host, { offer: 'Promote to staging' })
    await vscode.commands.executeCommand('imprun.promote', (await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'remembered')).node)
    await eventually(async () => {
      const history = await rows(host.inside.views.deployments)
      assert.match(history[0]?.text ?? '', /^remembered 1\.0\.0 \| dev → staging · live in \d+ ms · \S+$/)
    })
  })
})
