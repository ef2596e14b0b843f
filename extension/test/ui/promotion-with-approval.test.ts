import { strict as assert } from 'node:assert'
import { givenBackend } from '../runner/given-backend.ts'
import { apiOf, givenPerson, publishedBy } from '../runner/given-people.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'
import { signInAndOpen } from '../runner/window/sign-in-and-open.ts'
import type { Workbench } from '../runner/window/workbench.ts'
import { eventually } from '../support/eventually.ts'

const journeyMs = 360_000
const hello = (version: number) => `export default async function list(req, res) {\n  return res.json({ version: ${version} })\n}\n`
const inHometax = { gatewayId: 'hometax' }

/** By quick picks: each answer is in force at once, and the list comes back with it. */
async function protectProd(workbench: Workbench): Promise<void> {
  await workbench.runCommand('imprun: Edit protection…')
  await workbench.quickInput.pick('hometax/prod')
  await workbench.quickInput.pick('Approvals')
  await workbench.quickInput.pick('1')
  await workbench.quickInput.row('Add a freeze').waitFor()
}

describe('a promotion through three stages with approval', function () {
  this.timeout(journeyMs)

  for (const theme of ['Light', 'Dark'] as const)
    it(`waits for a second person in the ${theme.toLowerCase()} theme`, async () => {
      await using backend = await givenBackend()
      const { settings, picture } = lookOf(theme)
      const lee = await givenPerson(backend, 'Lee', 'admin')
      await publishedBy(apiOf(backend), 'orders/list', hello(1))
      await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
        await signInAndOpen(workbench)
        await workbench.widenSideBar()

        // Out of order: told before anything is sent, with the reason.
        await workbench.closeEditors()
        await workbench.runCommand('imprun: Promote…')
        await workbench.quickInput.pick('calculateTax')
        await workbench.quickInput.pick('dev → prod')
        await workbench.notification(/This would be refused\..*staging/).waitFor()
        await picture(workbench, 'refused')
        await workbench.runCommand('Notifications: Clear All Notifications')
        await workbench.closeEditors()

        await protectProd(workbench)
        await workbench.treeItem(/^Environment prod, protected/).waitFor()
        await workbench.quickInput.input.hover()
        await picture(workbench, 'protection')
        await workbench.page.keyboard.press('Escape')

        // Everything of dev as one set, every difference in one editor.
        await workbench.pressInlineAction(workbench.treeItem(/^Environment dev/), /Promote all/)
        await workbench.editors.tab(/hometax: staging ↔ dev/).waitFor()
        const toStaging = workbench.notification('Promote 2 functions to staging?')
        await toStaging.waitFor()
        await picture(workbench, 'promote-all')
        await toStaging.getByRole('button', { name: 'Promote all to staging' }).click()
        await workbench.expand(workbench.treeItem(/^Environment staging/))
        await workbench.treeItem(/^Function calculateTax in staging, 1\.0\.0/).waitFor()

        // To prod it waits for somebody else.
        await workbench.pressInlineAction(workbench.treeItem(/^Environment staging/), /Promote all/)
        await workbench.dialog.getByText('Promote 2 functions to prod?').waitFor()
        await workbench.dialog.getByText(/It waits for 1 approval by Lee\./).waitFor()
        await picture(workbench, 'promote-prod')
        await workbench.answerDialog('Promote all to prod')
        await workbench.expand(workbench.treeItem(/^Environment prod/))
        await workbench.treeItem(/^Function calculateTax in prod, 1\.0\.0 waits for approval, 0 of 1/).waitFor()
        await workbench.toggleView('Applications')
        await workbench.toggleView('Deployments')
        await workbench.expand(workbench.treeItem(/^calculateTax 1\.0\.0, staging → prod · waits for approval, 0 of 1 · /))
        await workbench.treeItem(/^1 approval is missing/).waitFor()
        await picture(workbench, 'deployments')

        const { items } = await lee.api.call('listApprovals', {})
        const [asked] = items
        assert.ok(asked)
        await lee.api.call('approveDeployment', { params: { ...inHometax, deploymentId: asked.deploymentId }, body: { comment: 'Looks right' } })
        await workbench.treeItem(/^Function calculateTax in prod, 1\.0\.0$/).waitFor()
        await workbench.treeItem(/^Function list in prod|^Function orders\/list in prod, 1\.0\.0$/).waitFor()

        // The other way round: Lee asks, and the notification decides.
        await publishedBy(lee.api, 'orders/list', hello(2))
        const params = { ...inHometax, functionId: 'orders/list' }
        await lee.api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
        await lee.api.call('promoteFunction', { params, body: { from: 'staging', to: 'prod' } })
        const question = workbench.notification('Lee asks for your approval to deploy orders/list 1.0.1 to hometax/prod.')
        await question.waitFor()
        await workbench.treeItem(/^Waiting for your approval/).waitFor()
        await picture(workbench, 'approval')
        await question.getByRole('button', { name: 'Approve' }).click()
        await workbench.answerDialog('Approve')
        await workbench.treeItem(/^Function orders\/list in prod, 1\.0\.1$/).waitFor()
        await eventually(async () => {
          const answer = await fetch(`${backend.edgeUrl}/hometax/prod/orders/list`)
          assert.deepEqual(await answer.json(), { version: 2 })
        })
      })
    })
})
