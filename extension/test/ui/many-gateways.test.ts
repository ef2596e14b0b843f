import { givenMongo } from '../../../backend/test/support/given-mongo.ts'
import { putFunctions, putGateways } from '../../../bench/lib/many-gateways.ts'
import { givenBackend } from '../runner/given-backend.ts'
import { apiOf } from '../runner/given-people.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'

const journeyMs = 300_000
const gatewayCount = 200
const functionCount = 50

describe('a backend with 200 gateways of 50 functions each', function () {
  this.timeout(journeyMs)

  it('is walked through by the keyboard alone, and searched by the server', async () => {
    await using mongo = await givenMongo()
    await using backend = await givenBackend({ MONGODB_URI: mongo.uri })
    const { userId: ownerId } = await apiOf(backend).call('getAccount', {})
    await putGateways(mongo.database, { count: gatewayCount, ownerId, state: 'inactive', phase: 'Stopped' })
    await putFunctions(mongo.database, { count: functionCount, ownerId })
    const { settings, picture } = lookOf('Dark')
    await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
      const { keyboard } = workbench.page
      const press = async (...keys: string[]) => {
        for (const key of keys) await keyboard.press(key)
      }
      await workbench.runCommand('imprun: Focus on Gateways View')
      await workbench.runCommand('imprun: Sign in')
      await workbench.treeItem(/^Gateway Gateway idle-000000, Stopped/).waitFor()
      // What had the focus before was the button to sign in.
      await workbench.runCommand('imprun: Focus on Gateways View')
      await press('Home', 'ArrowRight')
      await workbench.treeItem(/^Environment dev/).waitFor()
      await press('ArrowDown', 'ArrowRight')
      await workbench.treeItem(/^Function orders\/function00 in dev, 1\.0\.0 · live 30 ms/).waitFor()
      await press('ArrowDown', 'ArrowDown', 'Enter')
      await workbench.editors.tab(/function00\.ts/).waitFor()
      await workbench.editors.active.getByText('ok: true').first().waitFor()

      await workbench.runCommand('imprun: Filter gateways or functions…')
      await workbench.quickInput.pick('Gateways')
      await workbench.quickInput.answer('00019')
      await workbench.treeItem(/^Gateway Gateway idle-000199/).waitFor()
      await workbench.treeItem(/^Gateway Gateway idle-000000/).waitFor({ state: 'detached' })
      await picture(workbench, 'many-gateways')
    })
  })
})
