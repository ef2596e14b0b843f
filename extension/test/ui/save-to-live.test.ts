import { strict as assert } from 'node:assert'
import { givenBackend } from '../runner/given-backend.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'
import { signInAndOpen } from '../runner/window/sign-in-and-open.ts'
import type { Workbench } from '../runner/window/workbench.ts'

const source = (rate: string) => `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  if (!income || !deductions) {
    return res.status(400).json({ error: 'Missing required fields' })
  }

  const tax = (income - deductions) * ${rate}
  await imp.db().collection('tax_calculations').insertOne({ income, deductions, tax })
  return res.json({ tax })
}
`
// A whole journey on a machine that does other things as well.
const journeyMs = 420_000

async function callTax(edgeUrl: string, environment: string, headers: Record<string, string> = {}): Promise<{ status: number; tax?: number }> {
  const response = await fetch(`${edgeUrl}/hometax/${environment}/calculateTax`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ income: 300, deductions: 100 }),
  })
  return { status: response.status, ...((await response.json()) as { tax?: number }) }
}

/** One press on the notification below the difference. */
async function promoteToStaging(workbench: Workbench, version: string): Promise<void> {
  await workbench.notification(`Promote calculateTax ${version} to staging?`).getByRole('button', { name: 'Promote to staging' }).click()
}

describe('a day with imprun in the editor', function () {
  this.timeout(journeyMs)

  for (const theme of ['Light', 'Dark'] as const)
    it(`goes from sign-in to a key in the ${theme.toLowerCase()} theme`, async () => {
      await using backend = await givenBackend()
      const { settings, picture } = lookOf(theme)
      await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
        await workbench.openContainer('imprun')
        await workbench.page.getByText('imprun is running on this machine.').waitFor()
        await picture(workbench, 'sign-in')
        await signInAndOpen(workbench)
        await workbench.widenSideBar()

        // Save a change: live behind the gateway, with the measured time in sight.
        await workbench.editors.replaceAll(source('0.25'))
        await workbench.editors.save()
        await workbench.editors.codeLens(/dev: live in \d+ ms · 1\.0\.1/).waitFor()
        await workbench.statusBarItem(/imprun dev: live in \d+ ms/).waitFor()
        assert.deepEqual(await callTax(backend.edgeUrl, 'dev'), { status: 200, tax: 50 })
        await workbench.treeItem(/^Function calculateTax in dev, 1\.0\.1 · live \d+ ms/).waitFor()
        await picture(workbench, 'saved-and-live')

        // Break it: marked where it is wrong, and the version before goes on answering.
        await workbench.editors.replaceAll(source('0.25 )'))
        await workbench.editors.save()
        await workbench.statusBarItem('imprun dev: not live - 1 error').waitFor()
        await workbench.editors.codeLens(/dev: not live - 1 error/).waitFor()
        assert.deepEqual(await callTax(backend.edgeUrl, 'dev'), { status: 200, tax: 50 })
        await picture(workbench, 'error')
        await workbench.editors.replaceAll(source('0.3'))
        await workbench.editors.save()
        await workbench.editors.codeLens(/dev: live in \d+ ms · 1\.0\.2/).waitFor()

        // Promote through the difference, to staging and on to prod.
        await workbench.editors.pressCodeLens('Promote to staging')
        await workbench.editors.tab(/staging \(nothing\) ↔ dev 1\.0\.2/).waitFor()
        await promoteToStaging(workbench, '1.0.2')
        await workbench.expand(workbench.treeItem(/^Environment staging/))
        const inStaging = workbench.treeItem(/^Function calculateTax in staging, 1\.0\.2/)
        await workbench.pressInlineAction(inStaging, /Promote/)
        await workbench.dialog.getByText('Promote calculateTax 1.0.2 to prod?').waitFor()
        await workbench.answerDialog('Promote to prod')
        await workbench.expand(workbench.treeItem(/^Environment prod/))
        await workbench.treeItem(/^Function calculateTax in prod, 1\.0\.2/).waitFor()
        assert.deepEqual(await callTax(backend.edgeUrl, 'prod'), { status: 200, tax: 60 })

        await picture(workbench, 'gateways')

        // The next change is shown against what staging serves by now.
        await workbench.editors.tab(/^calculateTax\.ts/).click()
        await workbench.editors.replaceAll(source('0.22'))
        await workbench.editors.save()
        await workbench.editors.codeLens(/dev: live in \d+ ms · 1\.0\.3/).waitFor()
        await workbench.treeItem(/^Function calculateTax in staging, 1\.0\.2 · 1 behind dev/).waitFor()
        await workbench.editors.pressCodeLens('Promote to staging')
        await workbench.editors.diff.getByText('0.22').first().waitFor()
        await workbench.notification('Promote calculateTax 1.0.3 to staging?').waitFor()
        await picture(workbench, 'promote-diff')
        await promoteToStaging(workbench, '1.0.3')
        await workbench.treeItem(/^Function calculateTax in staging, 1\.0\.3/).waitFor()

        // Ask for keys, issue one, and call with it.
        await workbench.runCommand('imprun: Set who may call')
        await workbench.quickInput.pick('hometax/prod')
        await workbench.quickInput.pick('key-auth')
        await workbench.treeItem(/^Environment prod, .*key-auth/).waitFor()
        assert.equal((await callTax(backend.edgeUrl, 'prod')).status, 401)
        await workbench.runCommand('imprun: Issue a key')
        await workbench.quickInput.answer('Mobile app')
        await workbench.quickInput.answer('National Tax Service')
        await workbench.quickInput.pick('hometax/prod')
        await workbench.webview.getByRole('button', { name: 'Copy key' }).click()
        await workbench.webview.getByText('The key is in the clipboard.').waitFor()
        const key = await workbench.readClipboard()
        assert.match(key, /^imp_prod_\w{36}$/)
        assert.deepEqual(await callTax(backend.edgeUrl, 'prod', { apikey: key }), { status: 200, tax: 60 })
        assert.match(await workbench.webview.locator('body').ariaSnapshot(), /textbox "Key"[\s\S]*button "Copy key"[\s\S]*button "Copy curl"/)

        // Revoke it: the picture shows no key that opens anything.
        await workbench.webview.getByRole('button', { name: 'Copy curl' }).click()
        await workbench.webview.getByText('The curl line is in the clipboard.').waitFor()
        assert.ok((await workbench.readClipboard()).includes(key))
        await picture(workbench, 'new-key')
        await workbench.webview.getByRole('button', { name: 'Done' }).click()
        await workbench.pressInlineAction(workbench.treeItem(/^Key ending in/), /Revoke/)
        await workbench.answerDialog('Revoke')
        await workbench.treeItem(/^Key ending in .*revoked/).waitFor()
        assert.equal((await callTax(backend.edgeUrl, 'prod', { apikey: key })).status, 401)
      })
    })
})
