import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { answer, type InHost, rowAt, signedIn } from '../support/in-host.ts'

const params = { gatewayId: 'hometax' }
const apiOf = (host: InHost) => host.inside.session.current?.api ?? assert.fail('Nobody is signed in.')
const address = 'http://127.0.0.1:9/imprun'

describe('notifiers and the audit log in the editor', () => {
  it('add a webhook, hand its secret over once, say that a test message did not arrive, and remove it', async () => {
    const host = await signedIn()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax')
    const { told } = answer(host, {
      pick: [/Webhook…/],
      input: [address, 'CI'],
      pickMany: [['deployment.failed'], ['prod']],
      confirm: true,
    })
    await vscode.commands.executeCommand('imprun.manageNotifiers', node)

    const [made] = (await apiOf(host).call('listNotifiers', { params })).items
    assert.ok(made)
    assert.deepEqual([made.kind, made.destination, made.rules.types, made.rules.environments], ['webhook', '127.0.0.1:9', ['deployment.failed'], ['prod']])
    assert.match(await vscode.env.clipboard.readText(), /^whsec_/)
    assert.ok(told.some((text) => /did not reach CI.*no public address/.test(text)))

    answer(host, { pick: [/CI/, /Remove/], confirm: true })
    await vscode.commands.executeCommand('imprun.manageNotifiers', node)
    assert.deepEqual((await apiOf(host).call('listNotifiers', { params })).items, [])
  })

  it('show who did what, and copy a line of it', async () => {
    const host = await signedIn()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax')
    answer(host, { pick: [/deleteNotifier/] })
    await vscode.commands.executeCommand('imprun.showAudit', node)
    const line = JSON.parse(await vscode.env.clipboard.readText()) as { route: string; actor: string }
    assert.equal(line.route, 'deleteNotifier')
  })
})
