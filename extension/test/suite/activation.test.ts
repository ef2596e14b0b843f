import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { commandIds } from '../../src/commands/command-table.ts'
import { eventually } from '../support/eventually.ts'
import { activated, answer, signedIn } from '../support/in-host.ts'

describe('the extension in its host', () => {
  it('activates without waiting for anything, and registers every command', async () => {
    const host = await activated()
    console.log(`activate() took ${host.activationMs.toFixed(1)} ms`)
    const registered = await vscode.commands.getCommands(true)
    assert.deepEqual(
      commandIds.filter((id) => !registered.includes(id)),
      [],
    )
  })

  it('signs in with one click where a backend runs on the machine, and shows in the accounts', async () => {
    const host = await activated()
    const { asked } = answer(host)
    await vscode.commands.executeCommand('imprun.signIn')
    await eventually(() => assert.equal(host.inside.session.status, 'online'))
    assert.deepEqual(asked, [])
    const accounts = await vscode.authentication.getAccounts('imprun')
    assert.equal(accounts.length, 1)
    assert.match(accounts[0]?.label ?? '', /localhost:\d+/)
  })

  it('signs out and in again', async () => {
    const host = await signedIn()
    await vscode.commands.executeCommand('imprun.signOut')
    await eventually(() => assert.equal(host.inside.session.status, 'signedOut'))
    assert.deepEqual(await host.inside.views.gateways.getChildren(), [])
    await vscode.commands.executeCommand('imprun.signIn')
    await eventually(() => assert.equal(host.inside.session.status, 'online'))
  })

  it('keeps the token out of its settings and its manifest', async () => {
    const host = await signedIn()
    const token = host.inside.session.current?.backend.token ?? assert.fail('Nobody is signed in.')
    assert.ok(!JSON.stringify(vscode.workspace.getConfiguration('imprun')).includes(token))
    assert.ok(!JSON.stringify(host.extension.packageJSON).includes(token))
  })
})
