import type { Database } from '../../backend/src/database/database.ts'
import type { GivenBackend } from '../../backend/test/support/given-backend.ts'
import { callFunction, givenGateway } from '../../backend/test/support/given-gateway.ts'
import { startChild } from './child.ts'
import { putDeployments } from './many-deployments.ts'
import { putGateways } from './many-gateways.ts'
import { type LoadResult, startSteadyLoad } from './steady-load.ts'

const gatewayId = 'bench'
const name = 'answer'
const params = { gatewayId, functionId: name }
const answering = (value: number): string => `export default async function answer(req, res) {
  return res.json({ value: ${value} })
}
`
const ownerOf = async (database: Database): Promise<string> => {
  const gateway = await database.sys.collection<{ gatewayId: string; ownerId: string }>('apiGateways').findOne({ gatewayId })
  if (!gateway) throw new Error(`There is no gateway ${gatewayId}.`)
  return gateway.ownerId
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}

/** One function with so many releases. @returns their ids, oldest first, and a publish that makes one more */
export async function givenReleases(backend: GivenBackend, count: number) {
  const { api } = backend
  await givenGateway(backend, gatewayId)
  let { revision } = await api.call('createFunction', { params: { gatewayId }, body: { name, code: answering(0) } })
  const publish = async (value: number): Promise<string> => {
    const saved = await api.call('saveFunction', { params, query: { publish: 'dev' }, body: { code: answering(value), baseRevision: revision } })
    if (saved.deployment?.status !== 'SUCCESS') throw new Error(`Publish ${value} was not served: ${JSON.stringify(saved.refusal ?? saved.deployment)}`)
    revision = saved.function.revision
    return saved.deployment.releaseId
  }
  const releaseIds: string[] = []
  for (let value = 1; value <= count; value++) releaseIds.push(await publish(value))
  return { releaseIds, publish }
}

/** Goes back to releases in no order. @returns how long each took until it was answered, and how many were not served then */
export async function measureRollbacks(backend: GivenBackend, releaseIds: readonly string[], count: number): Promise<{ tookMs: number[]; wrong: number }> {
  const tookMs: number[] = []
  let wrong = 0
  for (let index = 0; index < count; index++) {
    // A step that shares no factor with the number of releases comes by all of them.
    const target = (index * 37 + 5) % (releaseIds.length - 1)
    const releaseId = releaseIds[target] as string
    tookMs.push(await timed(() => backend.api.call('rollbackFunction', { params, body: { environment: 'dev', releaseId, reason: 'bench' } })))
    const { body } = await callFunction(backend, { gatewayId, environment: 'dev', name })
    if ((body as { value?: number }).value !== target + 1) wrong += 1
  }
  return { tookMs, wrong }
}

/** Publishes while the function is called and another gateway's data is written in bulk. */
export async function measurePublishes(
  backend: GivenBackend,
  options: { uri: string; publish: (value: number) => Promise<string>; count: number },
): Promise<{ tookMs: number[]; load: LoadResult }> {
  await using _writer = await startChild('steady-writer.ts', { uri: options.uri, perSecond: 5_000, perCommit: 50, database: 'gatewayid_noisy_dev' })
  const url = new URL(`${backend.connection.edgeUrl}/${gatewayId}/dev/${name}`)
  const load = startSteadyLoad(url, { connections: 4, pauseMs: 16, body: '{}', headers: {} }, (status) => (status === 200 ? undefined : `status ${status}`))
  const tookMs: number[] = []
  try {
    for (let index = 0; index < options.count; index++) tookMs.push(await timed(() => options.publish(10_000 + index)))
  } catch (error) {
    // Nobody else would end it, and the process would never come to its end.
    await load.stop()
    throw error
  }
  return { tookMs, load: await load.stop() }
}

interface ListOptions {
  gateways: number
  deployments: number
  pages: number
  publish: (value: number) => Promise<string>
}

/** Pages of long lists by HTTP: one after the other, from filters, and from the middle. */
export async function measureLists(backend: GivenBackend, database: Database, options: ListOptions) {
  const { api } = backend
  const ownerId = await ownerOf(database)
  await putGateways(database, { count: options.gateways, ownerId, state: 'inactive', phase: 'Stopped' })
  await putDeployments(database, { count: options.deployments, gatewayId, ownerId })
  // The backend hears of all that was put there; the answer to a publish comes behind it.
  await options.publish(20_000)
  const gatewaysMs: number[] = []
  const filteredMs: number[] = []
  const deploymentsMs: number[] = []
  let gatewayCursor: string | undefined
  let deploymentCursor: string | undefined
  const after = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor })
  for (let index = 0; index < options.pages; index++) {
    gatewaysMs.push(await timed(async () => (gatewayCursor = (await api.call('listGateways', { query: after(gatewayCursor) })).nextCursor)))
    filteredMs.push(await timed(() => api.call('listGateways', { query: { filter: `idle-00${index}` } })))
    const environment = index % 2 === 0 ? {} : { environment: 'staging' as const, status: 'FAILED' as const }
    const query = { ...after(deploymentCursor), ...environment }
    deploymentsMs.push(await timed(async () => (deploymentCursor = (await api.call('listGatewayDeployments', { params: { gatewayId }, query })).nextCursor)))
  }
  return { gatewaysMs, filteredMs, deploymentsMs }
}
