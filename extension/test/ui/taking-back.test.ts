import { strict as assert } from 'node:assert'
import { type GivenBackend, givenBackend } from '../runner/given-backend.ts'
import { apiOf, givenPerson, publishedBy } from '../runner/given-people.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'
import { signInAndOpen } from '../runner/window/sign-in-and-open.ts'
import { eventually } from '../support/eventually.ts'

const journeyMs = 420_000
const canaryWithinMs = 60_000
const source = (body: string) => `export default async function calculateTax(req, res) {\n  ${body}\n}\n`
const answering = (tax: number) => source(`return res.json({ tax: ${tax} })`)
const params = { gatewayId: 'hometax', functionId: 'calculateTax' }

/** So many that some get the candidate and some do not, however they are drawn. */
const consumerCount = 20
/** Many consumers call staging until told to stop. A canary knows them apart by their user agents, and keeps each on one side. */
function startCalling({ edgeUrl }: GivenBackend): AsyncDisposable {
  let isStopped = false
  const call = (agent: number) => fetch(`${edgeUrl}/hometax/staging/calculateTax`, { headers: { 'user-agent': `consumer-${agent}` } })
  const calling = (async () => {
    while (!isStopped) await Promise.all(Array.from({ length: consumerCount }, async (_, agent) => (await call(agent)).text()))
  })()
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true
      await calling
    },
  }
}

describe('taking back what was deployed', function () {
  this.timeout(journeyMs)

  for (const theme of ['Light', 'Dark'] as const)
    it(`goes through conflict, rollback, canary and freeze in the ${theme.toLowerCase()} theme`, async () => {
      await using backend = await givenBackend()
      const { settings, picture } = lookOf(theme)
      const api = apiOf(backend)
      const lee = await givenPerson(backend, 'Lee', 'developer')
      const promote = () => api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
      for (const tax of [1, 2]) {
        await publishedBy(api, 'calculateTax', answering(tax))
        await promote()
      }
      await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
        await signInAndOpen(workbench)
        await workbench.widenSideBar()
        await workbench.expand(workbench.treeItem(/^Environment staging/))

        // Somebody else saved meanwhile: both texts, and nothing lost.
        await workbench.editors.replaceAll(answering(3))
        await workbench.editors.active.getByText('tax: 3').first().waitFor()
        await lee.api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(4) } })
        await workbench.editors.save()
        const conflict = workbench.notification(/Lee saved calculateTax at .* Which text should stay\?/)
        await conflict.waitFor()
        await workbench.editors.diff.getByText('tax: 4').first().waitFor()
        await picture(workbench, 'conflict')
        await conflict.getByRole('button', { name: 'Take theirs' }).click()
        await workbench.statusBarItem(/imprun dev: live/).waitFor()

        // Back to the release before; automation is held off until a person lifts it.
        await workbench.runCommand('imprun: Roll back…')
        await workbench.quickInput.pick('staging')
        await workbench.quickInput.pick('the release before')
        await workbench.quickInput.widget.getByText('The code goes back, the data does not.').waitFor()
        await picture(workbench, 'rollback')
        await workbench.quickInput.answer('Totals are wrong')
        await workbench.treeItem(/^Environment staging, held by rollback/).waitFor()
        await picture(workbench, 'held')
        const { token } = await api.call('createAccessToken', { body: { name: 'ci', kind: 'service' } })
        const service = apiOf({ apiUrl: backend.apiUrl, token })
        await assert.rejects(service.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } }), { code: 'ENVIRONMENT_HELD' })
        await workbench.pressInlineAction(workbench.treeItem(/^Environment staging/), /Lift the hold/)
        await workbench.quickInput.answer('Fixed in dev')
        await workbench.treeItem(/^Environment staging, localhost/).waitFor()

        // A canary that fails for its part of the callers goes back by itself.
        await publishedBy(api, 'calculateTax', source("throw new Error('broken')"))
        const inDev = workbench.treeItem(/^Function calculateTax in dev/)
        await workbench.runCommand('imprun: Promote gradually (canary)…')
        await workbench.quickInput.pick('Other steps…')
        await workbench.quickInput.answer('50 % for 10 min')
        await workbench.quickInput.pick('dev → staging')
        await workbench
          .notification(/Promote calculateTax .* to staging\?/)
          .getByRole('button', { name: 'Promote to staging' })
          .click()
        await workbench.treeItem(/^Function calculateTax in staging, .* canary 50 %/).waitFor({ timeout: canaryWithinMs })
        await workbench.toggleView('Applications')
        await workbench.toggleView('Deployments')
        await workbench.expand(workbench.treeItem(/^calculateTax .*, dev → staging · canary 50 %/))
        await workbench.treeItem(/^50 % of the callers for 600 s/).waitFor()
        await picture(workbench, 'canary')
        {
          await using _calls = startCalling(backend)
          await workbench.treeItem(/^calculateTax .*, dev → staging · ROLLED_BACK/).waitFor({ timeout: canaryWithinMs })
        }
        await workbench.treeItem(/^Function calculateTax in staging, 1\.0\.1(?! · .*canary)/).waitFor()
        await picture(workbench, 'canary-back')

        // Frozen: the row says until when, and a promotion is refused with the freeze's name.
        await workbench.runCommand('imprun: Edit protection…')
        await workbench.quickInput.pick('hometax/staging')
        await workbench.quickInput.pick('Add a freeze')
        await workbench.quickInput.answer('Year end')
        await workbench.quickInput.answer('UTC')
        await workbench.quickInput.pick('Every week')
        await workbench.quickInput.answer('mon tue wed thu fri sat sun 00:00-24:00')
        await workbench.quickInput.row('Year end').waitFor()
        await workbench.page.keyboard.press('Escape')
        await workbench.treeItem(/^Environment staging, frozen/).waitFor()
        await workbench.pressInlineAction(inDev, /Promote/)
        await workbench.notification(/This would be refused\..*Year end/).waitFor()
        await picture(workbench, 'frozen')
        await eventually(async () =>
          assert.equal((await api.call('getEnvironment', { params: { gatewayId: 'hometax', environment: 'staging' } })).frozen?.freeze, 'Year end'),
        )
      })
    })
})
