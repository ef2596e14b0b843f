import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import { eventually } from '../support/eventually.ts'
import { answer, type InHost, rowAt, saveText, signedIn } from '../support/in-host.ts'

const name = 'runAndLogs'
const published = `export default async function runAndLogs(req, res) {
  console.log('called with', req.body.word)
  if (req.body.word === 'fail') throw new Error('failed on purpose')
  return res.json({ word: req.body.word, greeting: imp.env.GREETING ?? null })
}
`
const apiOf = (host: InHost) => host.inside.session.current?.api ?? assert.fail('Nobody is signed in.')
const urlOf = async (host: InHost) => {
  const environment = await apiOf(host).call('getEnvironment', { params: { gatewayId: 'hometax', environment: 'dev' } })
  return `${environment.pathUrl}/${name}`
}
const post = (body: unknown): RequestInit => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

async function given(): Promise<{ host: InHost; document: vscode.TextDocument }> {
  const host = await signedIn()
  const params = { gatewayId: 'hometax' }
  const found = await apiOf(host)
    .call('getFunction', { params: { ...params, functionId: name } })
    .catch(() => undefined)
  if (!found) {
    await apiOf(host).call('createFunction', { params, body: { name, code: published } })
    await apiOf(host).call('publishFunction', { params: { ...params, functionId: name }, body: { environment: 'dev' } })
  }
  const { node } = await eventually(() => rowAt(host.inside.views.gateways, 'Home tax', 'dev', name))
  await vscode.commands.executeCommand('imprun.openFunction', node)
  const document = vscode.window.activeTextEditor?.document ?? assert.fail('No editor is open.')
  return { host, document }
}

/** Types without saving. */
async function type(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit()
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text)
  assert.ok(await vscode.workspace.applyEdit(edit))
}
const runPage = () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'imprun-run' && uri.path.includes(name))
const logPage = () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'output' && uri.path.includes('imprun logs'))
const linksOf = (document: vscode.TextDocument) => vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', document.uri, 100)

describe('running what is typed', () => {
  it('shows answer, logs and duration beside the code, and publishes nothing', async () => {
    const { host, document } = await given()
    await type(document, published.replace('greeting: imp.env.GREETING ?? null', "from: 'unsaved'"))
    await vscode.commands.executeCommand('imprun.run', document.uri)

    const text = (await eventually(() => runPage() ?? assert.fail('There is no page.'))).getText()
    assert.match(text, /^200 OK · [\d.]+ ms · POST \/runAndLogs/)
    assert.match(text, /"from": "unsaved"/)
    assert.match(text, /info .*called with undefined/)
    assert.ok(document.isDirty)
    assert.deepEqual((await host.call(await urlOf(host), post({ word: 'hi' }))).body, { word: 'hi', greeting: null })
  })

  it('marks what was thrown on its line until the text changes, and its frames open the file', async () => {
    const { document } = await given()
    await type(document, `export default function runAndLogs(req, res) {\n  const nothing = undefined\n  return res.json(nothing.length)\n}\n`)
    await vscode.commands.executeCommand('imprun.run', document.uri)

    const ours = () => vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'imprun run')
    await eventually(() => assert.equal(ours()[0]?.range.start.line, 2))
    const page = runPage() ?? assert.fail('There is no page.')
    await eventually(() => assert.match(page.getText(), /^500 Internal Server Error · /))
    const [link] = (await linksOf(page)).filter(({ target }) => target?.scheme === 'command')
    const [frame] = JSON.parse(decodeURIComponent(link?.target?.query ?? '[]'))
    assert.deepEqual({ gatewayId: frame.gatewayId, name: frame.name, line: frame.line }, { gatewayId: 'hometax', name, line: 3 })
    await vscode.commands.executeCommand('imprun.openFrame', frame)
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, document.uri.fsPath)
    assert.equal(vscode.window.activeTextEditor.selection.active.line, 2)
    await type(document, published)
    await eventually(() => assert.deepEqual(ours(), []))
  })

  it('marks what does not compile, as a save does', async () => {
    const { document } = await given()
    await type(document, 'export default () => {\n  return 1 +\n}\n')
    await vscode.commands.executeCommand('imprun.run', document.uri)
    await eventually(() => assert.equal(vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'imprun run')[0]?.range.start.line, 2))
    await saveText(document, published)
  })
})

describe('logs in the editor', () => {
  it('follow a function across a deployment, and a failing one says so in its row', async () => {
    const { host, document } = await given()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', name)
    await vscode.commands.executeCommand('imprun.showLogs', node)
    const page = await eventually(() => logPage() ?? assert.fail('There is no output.'))
    await host.call(await urlOf(host), post({ word: 'before' }))
    await eventually(() => assert.match(page.getText(), / info {2}dev runAndLogs [\d.]+ \+[\d.]+ ms {2}called with before/))
    await saveText(document, published.replace('called with', 'now called with'))
    await eventually(async () => {
      await host.call(await urlOf(host), post({ word: 'after' }))
      assert.match(page.getText(), /now called with after/)
    })
    await host.call(await urlOf(host), post({ word: 'fail' }))
    await eventually(() => assert.match(page.getText(), /error dev runAndLogs .*failed on purpose\n\s+at .*runAndLogs\.ts:3:/))
    const frames = (await linksOf(page)).filter(({ target }) => target?.path === 'imprun.openFrame')
    assert.ok(frames.length > 0)
    await eventually(async () => assert.match((await rowAt(host.inside.views.gateways, 'Home tax', 'dev', name)).text, /failing \d+ %/), 20_000)
  })

  it('are narrowed by level and text, and wait while paused', async () => {
    const { host } = await given()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', name)
    await vscode.commands.executeCommand('imprun.showLogs', node)
    answer(host, { pick: [/Level/, 'error'] })
    await vscode.commands.executeCommand('imprun.filterLogs')
    assert.deepEqual(host.inside.logView.scope?.filter, { environment: 'dev', functionName: name, level: 'error' })
    const page = logPage() ?? assert.fail('There is no output.')
    await eventually(() => {
      assert.match(page.getText(), /failed on purpose/)
      assert.doesNotMatch(page.getText(), / info /)
    })
    await vscode.commands.executeCommand('imprun.pauseLogs')
    const before = page.getText()
    await host.call(await urlOf(host), post({ word: 'fail' }))
    await eventually(() => assert.ok(host.inside.logView.isPaused))
    assert.equal(page.getText(), before)
    await vscode.commands.executeCommand('imprun.pauseLogs')
    await eventually(() => assert.ok(page.getText().length > before.length))
    host.inside.logView.stop()
  })
})

describe('settings in the editor', () => {
  it('set a variable that the next call reads, and never show a secret again', async () => {
    const { host } = await given()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev')
    const { told } = answer(host, { pick: [/Add a variable/, 'Plain'], input: ['GREETING', 'hello'] })
    await vscode.commands.executeCommand('imprun.editVariables', node)
    assert.ok(told.some((text) => text.includes('in effect')))
    await eventually(async () => assert.deepEqual((await host.call(await urlOf(host), post({ word: 'x' }))).body, { word: 'x', greeting: 'hello' }))

    answer(host, { pick: [/GREETING/, /Make it a secret/] })
    await vscode.commands.executeCommand('imprun.editVariables', node)
    const { variables } = await apiOf(host).call('getEnvironment', { params: { gatewayId: 'hometax', environment: 'dev' } })
    assert.deepEqual(variables.GREETING, { secret: true })

    answer(host, { pick: [/GREETING/, /Delete/], confirm: true })
    await vscode.commands.executeCommand('imprun.editVariables', node)
    assert.deepEqual((await host.call(await urlOf(host), post({ word: 'x' }))).body, { word: 'x', greeting: null })
  })

  it('tell what was done to variables, by name only, and bring them back after a confirm', async () => {
    const { host } = await given()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev')
    const params = { gatewayId: 'hometax', environment: 'dev' }
    for (const value of ['good morning', 'good night']) await apiOf(host).call('patchEnvironment', { params, body: { variables: { GREETING: value } } })
    const { items } = await apiOf(host).call('listVariableVersions', { params })
    const wanted = `v${items[1]?.version}`
    const variablesNow = async () => (await apiOf(host).call('getEnvironment', { params })).variables.GREETING

    const { asked, offered } = answer(host, { pick: [wanted], confirm: false })
    await vscode.commands.executeCommand('imprun.showVariableHistory', node)
    assert.deepEqual(asked, ['Variable history of hometax/dev', `Bring the variables of hometax/dev back to version ${items[1]?.version}?`])
    assert.match(offered[0] ?? '', /^v\d+ now · .+ changed: GREETING$/)
    assert.match(offered[1] ?? '', /^v\d+ .+ added: GREETING$/)
    assert.doesNotMatch(offered.join('\n'), /good|hello/)
    assert.deepEqual(await variablesNow(), { secret: false, value: 'good night' })

    const { told } = answer(host, { pick: [wanted], confirm: true })
    await vscode.commands.executeCommand('imprun.showVariableHistory', node)
    assert.ok(told.some((text) => text.includes('in effect')))
    assert.deepEqual(await variablesNow(), { secret: false, value: 'good morning' })
    assert.equal(((await host.call(await urlOf(host), post({ word: 'x' }))).body as { greeting: string }).greeting, 'good morning')
    await apiOf(host).call('patchEnvironment', { params, body: { variables: { GREETING: null } } })
  })

  it('change the limits of a function and of an environment', async () => {
    const { host } = await given()
    const { node } = await rowAt(host.inside.views.gateways, 'Home tax', 'dev', name)
    answer(host, { pick: ['Time of a call'], input: ['2000'] })
    await vscode.commands.executeCommand('imprun.editLimits', node)
    assert.equal((await apiOf(host).call('getFunction', { params: { gatewayId: 'hometax', functionId: name } })).limits.timeoutMs, 2000)

    const environment = (await rowAt(host.inside.views.gateways, 'Home tax', 'dev')).node
    answer(host, { pick: ['Calls at once'], input: ['50'] })
    await vscode.commands.executeCommand('imprun.editLimits', environment)
    assert.equal((await apiOf(host).call('getEnvironment', { params: { gatewayId: 'hometax', environment: 'dev' } })).limits.concurrency, 50)
  })
})
