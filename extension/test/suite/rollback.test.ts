import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, saveText, signedIn } from '../support/in-host.ts'

const gatewayRow = 'Home tax'
const rowOf = (host: InHost, environment: string, name?: string) => rowAt(host.inside.views.gateways, gatewayRow, environment, ...(name ? [name] : []))
const shows = (host: InHost, environment: string, name: string, version: string) =>
  eventually(async () => assert.ok((await rowOf(host, environment, name)).text.startsWith(`${name} | ${version}`)))

async function createFunction(host: InHost, name: string): Promise<void> {
  answer(host, { input: [name], pick: ['JSON answer'] })
  await vscode.commands.executeCommand('imprun.createFunction')
  await shows(host, 'dev', name, '1.0.0')
}

async function promote(host: InHost, name: string, version: string, from: 'dev' | 'staging' = 'dev'): Promise<void> {
  answer(host, { offer: 'Promote to staging', confirm: true })
  await vscode.commands.executeCommand('imprun.promote', (await rowOf(host, from, name)).node)
  await shows(host, from === 'dev' ? 'staging' : 'prod', name, version)
}

async function saveSecond(host: InHost, name: string): Promise<void> {
  await vscode.commands.executeCommand('imprun.openFunction', (await rowOf(host, 'dev', name)).node)
  await saveText(activeFile(), 'export default () => ({ value: 2 })\n')
  await shows(host, 'dev', name, '1.0.1')
}

const activeFile = () => vscode.window.activeTextEditor?.document ?? assert.fail('No editor is open.')

describe('a rollback from the editor', () => {
  it('goes to the release before, holds the environment in sight, and lets it go again', async () => {
    const host = await signedIn()
    await createFunction(host, 'returned')
    await promote(host, 'returned', '1.0.0')
    await saveSecond(host, 'returned')
    await promote(host, 'returned', '1.0.1')

    const back = answer(host, { pick: ['1.0.0'], input: ['Totals are wrong'] })
    await vscode.commands.executeCommand('imprun.rollback', (await rowOf(host, 'staging', 'returned')).node)
    assert.deepEqual(back.asked, ['Roll back returned in staging to', 'Why does returned in staging go back to 1.0.0?'])
    assert.deepEqual(back.told, ['$(discard) staging: back on 1.0.0 · held'])
    await shows(host, 'staging', 'returned', '1.0.0')
    const held = await eventually(async () => {
      const row = await rowOf(host, 'staging')
      assert.match(row.text, /held by rollback · /)
      return row
    })
    const item = held.node.toTreeItem()
    assert.deepEqual([(item.iconPath as vscode.ThemeIcon).id, item.contextValue], ['lock', 'environment;staging;none;active;held'])
    await held.node.resolveTooltip?.(item)
    assert.match(String(item.tooltip), /Held by a rollback: Totals are wrong/)

    const history = answer(host)
    await vscode.commands.executeCommand('imprun.showHistory', (await rowOf(host, 'staging', 'returned')).node)
    assert.match(history.offered[0] ?? '', /Rolled back to 1\.0\.0 in staging: Totals are wrong/)

    const lifted = answer(host, { input: ['Fixed in 1.0.2'] })
    await vscode.commands.executeCommand('imprun.releaseHold')
    assert.deepEqual(lifted.asked, ['Why may automation deploy to hometax/staging again?'])
    await eventually(async () => assert.doesNotMatch((await rowOf(host, 'staging')).text, /held/))
  })

  it('asks before it touches prod, and only there', async () => {
    const host = await signedIn()
    await createFunction(host, 'guarded')
    for (const version of ['1.0.0', '1.0.1']) {
      if (version === '1.0.1') await saveSecond(host, 'guarded')
      await promote(host, 'guarded', version)
      await promote(host, 'guarded', version, 'staging')
    }
    const { node } = await rowOf(host, 'prod', 'guarded')
    const doubtful = answer(host, { pick: ['1.0.0'], input: ['try'], confirm: false })
    await vscode.commands.executeCommand('imprun.rollback', node)
    assert.deepEqual([doubtful.asked.at(-1), doubtful.told], ['Roll back guarded in prod to 1.0.0?', []])
    await shows(host, 'prod', 'guarded', '1.0.1')

    answer(host, { pick: ['1.0.0'], input: ['try'], confirm: true })
    await vscode.commands.executeCommand('imprun.rollback', node)
    await shows(host, 'prod', 'guarded', '1.0.0')
    answer(host, { input: ['tried'] })
    await vscode.commands.executeCommand('imprun.releaseHold', (await rowOf(host, 'prod')).node)
    await eventually(async () => assert.doesNotMatch((await rowOf(host, 'prod')).text, /held/))
  })

  it('does nothing without a reason', async () => {
    const host = await signedIn()
    await createFunction(host, 'careful')
    await saveSecond(host, 'careful')
    const { told } = answer(host, { pick: ['1.0.0'], input: [' '] })
    await vscode.commands.executeCommand('imprun.rollback', (await rowOf(host, 'dev', 'careful')).node)
    assert.deepEqual(told, ['Say why, for those who come after.'])
    await shows(host, 'dev', 'careful', '1.0.1')
  })
})

describe('releases in the editor', () => {
  it('get the version and the notes that their author wants, and are compared side by side', async () => {
    const host = await signedIn()
    await createFunction(host, 'released')
    await vscode.commands.executeCommand('imprun.openFunction', (await rowOf(host, 'dev', 'released')).node)
    const document = activeFile()
    const edit = new vscode.WorkspaceEdit()
    edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), 'export default () => ({ value: 3 })\n')
    assert.ok(await vscode.workspace.applyEdit(edit))
    answer(host, { pick: ['minor'], input: ['Faster.'] })
    await vscode.commands.executeCommand('imprun.publishAs', document.uri)
    await shows(host, 'dev', 'released', '1.1.0')
    assert.equal(document.isDirty, false)
    const history = answer(host)
    await vscode.commands.executeCommand('imprun.showHistory', document.uri)
    assert.equal(history.offered.length, 2)
    assert.match(history.offered[0] ?? '', /version: 1\.1\.0.* Faster\. · /)

    const compared = answer(host, { pick: ['1.1.0', '1.0.0'] })
    await vscode.commands.executeCommand('imprun.compareReleases', document.uri)
    assert.match(compared.offered[0] ?? '', /^1\.1\.0 .*Faster\.$/)
    const diff = await eventually(() => {
      const { input, label } = vscode.window.tabGroups.activeTabGroup.activeTab ?? {}
      assert.ok(input instanceof vscode.TabInputTextDiff)
      return { input, label }
    })
    assert.equal(diff.label, 'released: 1.0.0 ↔ 1.1.0')
    assert.match((await vscode.workspace.openTextDocument(diff.input.modified)).getText(), /value: 3/)
    assert.match((await vscode.workspace.openTextDocument(diff.input.original)).getText(), /Hello/)
  })

  it('show what changed in a file that they import', async () => {
    const host = await signedIn()
    const { api } = host.inside.session.current ?? assert.fail('Nobody is signed in.')
    const params = { gatewayId: 'hometax' }
    await api.call('createFunction', { params, body: { name: '_compared/rate', code: 'export const rate = 0.2\n' } })
    await createFunction(host, 'importing')
    const importing = { ...params, functionId: 'importing' }
    for (const rate of ['0.3', '0.4']) {
      await api.call('saveFunction', { params: { ...params, functionId: '_compared/rate' }, body: { code: `export const rate = ${rate}\n` } })
      const code = `import { rate } from './_compared/rate'\nexport default () => ({ rate, at: ${rate} })\n`
      await api.call('saveFunction', { params: importing, query: { publish: 'dev' }, body: { code } })
    }
    const { items } = await api.call('listReleases', { params: importing })
    const [newest = '', before = ''] = items.map(({ version }) => version)
    answer(host, { pick: [before, newest] })
    await vscode.commands.executeCommand('imprun.compareReleases', (await rowOf(host, 'dev', 'importing')).node)
    await eventually(() => {
      assert.ok(vscode.window.tabGroups.activeTabGroup.activeTab?.label.startsWith(`importing: ${before} ↔ ${newest}`))
      const module = vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === 'imprun' && uri.path.includes('_compared/rate@'))
      assert.deepEqual(module.map((document) => document.getText()).sort(), ['export const rate = 0.3\n', 'export const rate = 0.4\n'])
    })
  })
})
