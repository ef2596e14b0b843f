import { strict as assert } from 'node:assert'
import { gatewayCollections, type PublishedFunction, revisionCounterId } from '@imprun/contracts'
import { type GivenMongo, givenMongo } from '../../../backend/test/support/given-mongo.ts'
import { givenBackend } from '../runner/given-backend.ts'
import { apiOf, publishedBy } from '../runner/given-people.ts'
import { inWindow } from '../runner/window/given-window.ts'
import { lookOf } from '../runner/window/look.ts'
import { signInAndOpen } from '../runner/window/sign-in-and-open.ts'
import { eventually } from '../support/eventually.ts'

const journeyMs = 360_000
// What the backend looks for by itself every few seconds.
const noticedWithinMs = 60_000
const gatewayId = 'hometax'
const params = { gatewayId, functionId: 'calculateTax' }
const answering = (tax: number) => `export default async function calculateTax(req, res) {\n  return res.json({ tax: ${tax} })\n}\n`

/** As somebody with a shell of the database might: the counter too, so that runtimes take it. */
async function changeByHand({ database }: GivenMongo): Promise<void> {
  const ofGateway = database.gateway(gatewayId)
  const counters = ofGateway.collection<{ _id: string; value: number }>(gatewayCollections.counters)
  const revision = (await counters.findOneAndUpdate({ _id: revisionCounterId }, { $inc: { value: 1 } }, { returnDocument: 'after' }))?.value ?? 0
  const published = ofGateway.collection<PublishedFunction>(gatewayCollections.publishedFunctions)
  const { code } = (await published.findOne({ environment: 'dev', name: 'calculateTax' })) ?? assert.fail('Nothing is published.')
  await published.updateOne({ environment: 'dev', name: 'calculateTax' }, { $set: { code: `${code}\n// by hand`, revision } })
}

/** Ten failures in a row, without their minutes of waiting. */
async function stall({ database }: GivenMongo, environment: string): Promise<void> {
  const lastError = { code: 'PORTS_EXHAUSTED', message: 'no free port', at: new Date() }
  const failed = { phase: 'Starting', isStalled: true, attempts: 10, lastError, nextAttemptAt: new Date('9999-01-01') }
  await database.sys.collection('environments').updateOne({ gatewayId, environment }, { $set: failed })
}

/** As a backend that is frozen in the middle of its work does: nobody else may touch the environment. */
async function holdClaim({ database }: GivenMongo, environment: string, until: Date): Promise<void> {
  await database.sys.collection('environments').updateOne({ gatewayId: 'shopping', environment }, { $set: { lockedAt: until, lockedBy: 'a frozen backend' } })
}

describe('mending what went wrong', function () {
  this.timeout(journeyMs)

  // The theme in which nothing may be told by colour alone.
  it('goes through canaries, drift, a stalled environment and a deletion that does not end, in high contrast', async () => {
    await using mongo = await givenMongo()
    await using backend = await givenBackend({ MONGODB_URI: mongo.uri, IMPRUN_DELETION_DEADLINE_MS: '2000' })
    const api = apiOf(backend)
    const promoteGradually = () => {
      const canary = { steps: [{ percent: 50, holdS: 600 }] }
      return api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging', canary } })
    }
    await publishedBy(api, 'calculateTax', answering(1))
    await api.call('promoteFunction', { params, body: { from: 'dev', to: 'staging' } })
    const { settings, picture } = lookOf('High Contrast')
    await inWindow({ env: backend.editorEnv, settings }, async (workbench) => {
      await signInAndOpen(workbench)
      await workbench.widenSideBar()
      await workbench.expand(workbench.treeItem(/^Environment staging/))
      await workbench.toggleView('Applications')
      await workbench.toggleView('Deployments')

      // A canary that a person takes back, and one that a person gives to everybody.
      await publishedBy(api, 'calculateTax', answering(2))
      const [running, takenBack] = [
        workbench.treeItem(/^calculateTax 1\.0\.2, dev → staging · canary 50 %/),
        workbench.treeItem(/^calculateTax 1\.0\.2, .* · ROLLED_BACK/),
      ]
      const aborted = promoteGradually()
      aborted.catch(() => undefined)
      await workbench.pressInlineAction(running, /Take .*back/)
      await workbench.quickInput.answer('Not today')
      await takenBack.waitFor()
      await aborted.catch(() => undefined)
      const promoted = promoteGradually()
      await workbench.pressInlineAction(running, /Serve .*all/)
      await workbench.answerDialog('Serve to all')
      await workbench.treeItem(/^Function calculateTax in staging, 1\.0\.2$/).waitFor()
      await promoted

      // Changed by hand: put back, told until somebody has seen it.
      await changeByHand(mongo)
      const drifted = workbench.treeItem(/^Environment dev, drift/)
      await drifted.waitFor({ timeout: noticedWithinMs })
      await picture(workbench, 'drifted')
      await workbench.pressInlineAction(drifted, /Drift is seen/)
      await workbench.treeItem(/^Environment dev, localhost/).waitFor()

      // Stalled: why is in the row, and Retry beside it.
      await stall(mongo, 'staging')
      const stalled = workbench.treeItem(/^Environment staging, Stalled: no free port/)
      await stalled.waitFor()
      await workbench.pressInlineAction(stalled, /Retry/)
      await workbench.treeItem(/^Environment staging, localhost/).waitFor({ timeout: noticedWithinMs })

      // A deletion that cannot end says what is left, and is ended by force.
      await api.call('createGateway', { body: { name: 'Shopping', gatewayId: 'shopping' } })
      await workbench.treeItem(/^Gateway Shopping, Started/).waitFor({ timeout: noticedWithinMs })
      await holdClaim(mongo, 'dev', new Date(Date.now() + 3_600_000))
      await api.call('deleteGateway', { params: { gatewayId: 'shopping' } })
      const overdue = workbench.treeItem(/^Gateway Shopping, Deleting · overdue, left over: \d/)
      await overdue.waitFor({ timeout: noticedWithinMs })
      await picture(workbench, 'overdue')
      await workbench.pressInlineAction(overdue, /force/)
      await workbench.quickInput.answer('shopping')
      await holdClaim(mongo, 'dev', new Date(0))
      await workbench.treeItem(/^Gateway Shopping/).waitFor({ state: 'detached', timeout: noticedWithinMs })
      await eventually(async () => assert.equal((await api.call('listGateways', {})).items.length, 1))
    })
  })
})
