import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, saveText, signedIn } from '../support/in-host.ts'

const address = async (host: InHost, environment = 'dev') => {
  const [gateway] = await (host.inside.session.current?.catalog.gateways.ensureLoaded() ?? [])
  const facts = gateway?.environments.find(({ name }) => name === environment) ?? assert.fail(`There is no ${environment}.`)
  return `${facts.pathUrl}/calculateTax`
}
const post = (body: unknown): RequestInit => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
const source = (rate: string) => `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  if (!income || !deductions) return res.status(400).json({ error: 'Missing required fields' })
  return res.json({ tax: (income - deductions) * ${rate} })
}
`

async function openCalculateTax(host: InHost): Promise<vscode.TextDocument> {
  const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'calculateTax')
  await vscode.commands.executeCommand('imprun.openFunction', node)
  const document = vscode.window.activeTextEditor?.document ?? assert.fail('No editor is open.')
  assert.equal(path.basename(document.uri.fsPath), 'calculateTax.ts')
  return document
}
const stateOf = (host: InHost, document: vscode.TextDocument) => host.inside.statuses.find(document.uri.fsPath)?.state

/** Saves, and waits for this save, not an earlier one, to be live. */
async function publish(host: InHost, document: vscode.TextDocument, text: string): Promise<void> {
  const before = stateOf(host, document)
  await saveText(document, text)
  await eventually(() => assert.ok(stateOf(host, document) !== before && stateOf(host, document)?.kind === 'live'))
}

describe('a function in the editor', () => {
  it('opens as a real file, with its types beside it', async () => {
    const document = await openCalculateTax(await signedIn())
    assert.equal(document.uri.scheme, 'file')
    assert.match(await readFile(path.join(path.dirname(document.uri.fsPath), 'imprun.d.ts'), 'utf8'), /interface ImprunRequest/)
  })

  it('is live behind the gateway once it is saved, and the tree says how long that took', async () => {
    const host = await signedIn()
    const document = await openCalculateTax(host)
    await publish(host, document, source('0.25'))
    assert.deepEqual(await host.call(await address(host), post({ income: 300, deductions: 100 })), { status: 200, body: { tax: 50 } })
    await eventually(async () =>
      assert.match((await rowAt(host.inside.views.gateways, 'Home tax', 'dev', 'calculateTax')).text, /^calculateTax \| 1\.0\.\d+ · live \d+ ms$/),
    )
  })

  it('marks the line that does not compile, goes on serving, and clears the mark when it is mended', async () => {
    const host = await signedIn()
    answer(host)
    const document = await openCalculateTax(host)
    await publish(host, document, source('0.26'))
    await saveText(document, source('0.30 )'))
    const ours = () => vscode.languages.getDiagnostics(document.uri).filter(({ source: from }) => from === 'imprun')
    await eventually(() => assert.equal(ours().length, 1))
    assert.equal(ours()[0]?.range.start.line, 3)
    assert.equal(stateOf(host, document)?.kind, 'refused')
    assert.deepEqual((await host.call(await address(host), post({ income: 300, deductions: 100 }))).body, { tax: 52 })
    await saveText(document, source('0.30'))
    await eventually(() => assert.deepEqual(ours(), []))
    assert.deepEqual((await host.call(await address(host), post({ income: 300, deductions: 100 }))).body, { tax: 60 })
  })

  it('has a lens over its default export with the measured time and what comes next', async () => {
    const host = await signedIn()
    const document = await openCalculateTax(host)
    await publish(host, document, source('0.22'))
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10)
    const titles = lenses.filter(({ command }) => command?.command.startsWith('imprun.')).map(({ command }) => command?.title ?? '')
    assert.match(titles[0] ?? '', /dev: live in \d+ ms · 1\.0\.\d+$/)
    assert.deepEqual(titles.slice(1), ['Run', 'Send request', 'Promote to staging', 'Copy curl'])
  })

  it('completes req, res and imp in code that names no types, and marks a wrong name', async function () {
    this.timeout(60_000)
    const host = await signedIn()
    const document = await openCalculateTax(host)
    const complete = async (after: string) => {
      const at = document.positionAt(document.getText().indexOf(after) + after.length)
      const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', document.uri, at)
      return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label))
    }
    await saveText(document, `export default async function calculateTax(req, res) {\n  imp.db()\n  return res.jsn(req.body)\n}\n`)
    await eventually(async () => assert.ok((await complete('req.')).includes('headers')), 40_000)
    assert.ok((await complete('return res.')).includes('status'))
    assert.ok((await complete('imp.')).includes('environment'))
    const wrong = () => vscode.languages.getDiagnostics(document.uri).filter(({ message }) => message.includes("'jsn' does not exist on type 'ImprunResponse'"))
    await eventually(() => assert.equal(wrong().length, 1), 40_000)
    await saveText(document, source('0.22'))
  })

  it('publishes each file of a Save All by its own address', async () => {
    const host = await signedIn()
    const first = await openCalculateTax(host)
    answer(host, { input: ['saveAll/other'], pick: ['Plain JavaScript'] })
    await vscode.commands.executeCommand('imprun.createFunction')
    const second = vscode.window.activeTextEditor?.document ?? assert.fail('The new function is not open.')
    await eventually(() => assert.equal(stateOf(host, second)?.kind, 'live'))
    for (const [document, rate] of [
      [first, '0.4'],
      [second, '0.5'],
    ] as const) {
      const edit = new vscode.WorkspaceEdit()
      edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), source(rate))
      await vscode.workspace.applyEdit(edit)
    }
    await vscode.workspace.saveAll()
    const tax = async (name: string) => (await host.call((await address(host)).replace('calculateTax', name), post({ income: 20, deductions: 10 }))).body
    await eventually(async () => assert.deepEqual([await tax('calculateTax'), await tax('saveAll/other')], [{ tax: 4 }, { tax: 5 }]))
  })

  it('keeps both texts when somebody else saved first, until its author chooses', async () => {
    const host = await signedIn()
    const document = await openCalculateTax(host)
    await publish(host, document, source('0.22'))
    const { api } = host.inside.session.current ?? assert.fail('Nobody is signed in.')
    const params = { gatewayId: 'hometax', functionId: 'calculateTax' }
    // Typed, not saved: from here on the file is not rewritten from the server.
    const edit = new vscode.WorkspaceEdit()
    edit.insert(document.uri, new vscode.Position(0, 0), '// mine\n')
    await vscode.workspace.applyEdit(edit)
    await api.call('saveFunction', { params, query: {}, body: { code: `// theirs\n${source('0.9')}` } })
    const { told } = answer(host)
    await document.save()
    await eventually(() => assert.equal(stateOf(host, document)?.kind, 'conflict'))
    await eventually(() => assert.match(told.join('\n'), /Which text should stay\?/))
    assert.match((await api.call('getFunction', { params })).code ?? '', /^\/\/ theirs/)
    answer(host, { offer: 'Overwrite' })
    await vscode.commands.executeCommand('imprun.resolveConflict', document.uri)
    await eventually(() => assert.equal(stateOf(host, document)?.kind, 'live'))
    assert.match((await api.call('getFunction', { params })).code ?? '', /^\/\/ mine/)
  })
})
