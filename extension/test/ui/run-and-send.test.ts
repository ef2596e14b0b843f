import { strict as assert } from 'node:assert'
import { givenBackend } from '../runner/given-backend.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'
import { signInAndOpen } from '../runner/window/sign-in-and-open.ts'
import type { Workbench } from '../runner/window/workbench.ts'

const source = (line: string) => `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  console.log('income', income, 'deductions', deductions)
${line}
  return res.json({ tax, currency: 'KRW' })
}
`
const good = source('  const tax = (income - deductions) * 0.22')
const bad = source('  const tax = rates.standard.value * income')
const journeyMs = 360_000

/** Puts another text into the function's editor, seen from its top, where the lens stands. @param mark a part of the text that the one before has not */
async function write(workbench: Workbench, text: string, mark: string): Promise<void> {
  await workbench.editors.tab(/^calculateTax\.ts/).click()
  await workbench.page.locator('.editor-group-container.active .tab.active', { hasText: 'calculateTax.ts' }).waitFor()
  await workbench.editors.replaceAll(text)
  // A cursor that moves before the text is there gives the pasting up.
  await workbench.editors.active.getByText(mark).first().waitFor()
  await workbench.page.keyboard.press('ControlOrMeta+Home')
}

describe('trying a function out in the editor', function () {
  this.timeout(journeyMs)

  for (const theme of ['Light', 'Dark'] as const)
    it(`goes from unsaved code to a request, its logs and the failing line in the ${theme.toLowerCase()} theme`, async () => {
      await using backend = await givenBackend()
      const { settings, picture } = lookOf(theme)
      await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
        const { page } = workbench
        await signInAndOpen(workbench)

        // Run what is typed: answer, log and time beside it.
        await write(workbench, good, 'currency')
        await workbench.editors.pressCodeLens('Run')
        await workbench.editors.tab(/calculateTax \(run\)/).waitFor()
        await page.getByText('"currency": "KRW"').first().waitFor()
        await picture(workbench, 'run')

        // A run that fails: the reason beside, and on its line.
        await write(workbench, bad, 'rates')
        await workbench.editors.pressCodeLens('Run')
        await page.getByText('ReferenceError: rates is not defined').first().waitFor()
        await picture(workbench, 'run-error')

        // Publish it as it is, and send a request from the panel.
        await workbench.editors.tab(/^calculateTax\.ts/).click()
        await workbench.editors.save()
        await workbench.statusBarItem(/imprun dev: live in \d+ ms/).waitFor()
        await workbench.runCommand('imprun: Show logs')
        await workbench.editors.pressCodeLens('Send request')
        await workbench.webview.getByRole('heading', { name: 'Request to hometax/calculateTax' }).waitFor()
        await workbench.webview.getByRole('button', { name: 'Send', exact: true }).click()
        await workbench.webview.getByText(/Answered 500/).waitFor()
        await page.locator('.part.panel').getByText('ReferenceError: rates is not defined').first().waitFor()
        await workbench.treeItem(/^Function calculateTax in dev, .*failing \d+ %/).waitFor()
        await picture(workbench, 'logs')

        // Mend it; the request is still there, and succeeds.
        await write(workbench, good, '0.22')
        await workbench.editors.save()
        await workbench.editors.codeLens(/dev: live in \d+ ms · 1\.0\.2/).waitFor()
        await page.keyboard.press('ControlOrMeta+J')
        await workbench.editors.tab(/Request to calculateTax/).click()
        await workbench.webview.getByRole('button', { name: 'Send', exact: true }).click()
        await workbench.webview.getByText(/Answered 200/).waitFor()
        await workbench.webview.getByRole('region', { name: 'Body' }).getByText('"tax"').waitFor()
        await workbench.webview.getByRole('button', { name: 'Save…' }).click()
        await workbench.quickInput.answer('a usual income')
        await workbench.webview.getByRole('button', { name: /^Use a usual income/ }).waitFor()
        await picture(workbench, 'send-request')
        const snapshot = await workbench.webview.locator('body').ariaSnapshot()
        for (const part of [/combobox "Environment"/, /combobox "Method"/, /textbox "Query"/, /textbox "Name of header 1"/, /textbox "Body"/, /button "Send"/])
          assert.match(snapshot, part)
      })
    })
})
