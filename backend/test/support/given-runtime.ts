import {
  type ApplyFailure,
  belledCollections,
  type EnvironmentName,
  environmentNames,
  gatewayCollections,
  type LiveRuntime,
  type PublishedFunction,
  type RuntimeHeartbeat,
  runtimeHeartbeats,
  type StoredCredential,
} from '@imprun/contracts'
import type { ChangeStream } from 'mongodb'
import type { Database } from '../../src/database/database.ts'

type Failure = Pick<ApplyFailure, 'code' | 'message'> & Partial<Pick<ApplyFailure, 'line' | 'column'>>

export interface RuntimeFixture extends AsyncDisposable {
  /** The release that it serves, as a front would answer it. */
  serves(environment: EnvironmentName, name: string): PublishedFunction | undefined
  accepts(environment: EnvironmentName, hash: string): boolean
  /** From now on this fails to load; the old one stays. */
  refuse(check: (publication: PublishedFunction) => Failure | undefined): void
  /** Lives on (heartbeats) and applies nothing until it resumes. */
  freeze(): void
  resume(): Promise<void>
  /** Every publication that it has loaded, in order. */
  readonly loaded: PublishedFunction[]
}

/** Does what a runtime's front does with the gateway's database (bell, re-read by revision, swap, acknowledge), and serves nothing. */
export async function givenRuntime(database: Database, gatewayId: string, runtimeId = 'runtime-1'): Promise<RuntimeFixture> {
  const db = database.gateway(gatewayId)
  const served = new Map<string, PublishedFunction>()
  const keys = new Map<string, StoredCredential>()
  const revisions = new Map<EnvironmentName, number>(environmentNames.map((name) => [name, 0]))
  const failures = new Map<string, ApplyFailure>()
  const loaded: PublishedFunction[] = []
  let refusal: (publication: PublishedFunction) => Failure | undefined = () => undefined
  let isFrozen = false
  let isEnded = false

  const apply = (publication: PublishedFunction) => {
    const key = `${publication.environment}/${publication.name}`
    const failure = publication.isRemoved ? undefined : refusal(publication)
    failures.delete(key)
    if (failure) failures.set(key, { name: publication.name, revision: publication.revision, ...failure })
    else if (publication.isRemoved) served.delete(key)
    else {
      served.set(key, publication)
      loaded.push(publication)
    }
  }

  const acknowledge = async (environment: EnvironmentName) => {
    const id = `${runtimeId}/${environment}`
    const standing = [...failures].filter(([key]) => key.startsWith(`${environment}/`)).map(([, failure]) => failure)
    await db
      .collection<LiveRuntime>(gatewayCollections.runtimes)
      .updateOne({ _id: id }, { $set: { runtimeId, environment, revision: revisions.get(environment) ?? 0, failures: standing } }, { upsert: true })
  }

  const readAgain = async (environment: EnvironmentName) => {
    if (isFrozen) return
    const mine = revisions.get(environment) ?? 0
    const newer = { environment, revision: { $gt: mine } }
    const publications = await db.collection<PublishedFunction>(gatewayCollections.publishedFunctions).find(newer).sort({ revision: 1 }).toArray()
    const credentials = await db.collection<StoredCredential>(gatewayCollections.credentials).find(newer).toArray()
    publications.forEach(apply)
    for (const credential of credentials) keys.set(`${environment}/${credential.hash}`, credential)
    revisions.set(environment, Math.max(mine, ...publications.map(({ revision }) => revision), ...credentials.map(({ revision }) => revision)))
    await acknowledge(environment)
  }

  let line = Promise.resolve()
  const wake = () => {
    line = line.then(async () => {
      if (isEnded) return
      for (const environment of environmentNames) await readAgain(environment)
    })
    return line
  }

  // From this moment on: what is written before the stream has opened is neither missed nor waited for.
  const { operationTime } = await database.client.db('admin').command({ ping: 1 })
  const bell: ChangeStream = db.watch([{ $match: { 'ns.coll': { $in: [...belledCollections] } } }], { startAtOperationTime: operationTime })
  bell.on('change', () => void wake())
  bell.on('error', () => {})
  const beat = () =>
    database.sys.collection<RuntimeHeartbeat>(runtimeHeartbeats).updateOne({ _id: runtimeId }, { $currentDate: { heartbeatAt: true } }, { upsert: true })
  await beat()
  await wake()
  const heartbeat = setInterval(() => void beat().catch(() => {}), 1_000)

  return {
    loaded,
    serves: (environment, name) => served.get(`${environment}/${name}`),
    accepts: (environment, hash) => keys.get(`${environment}/${hash}`)?.state === 'active',
    refuse(check) {
      refusal = check
    },
    freeze() {
      isFrozen = true
    },
    async resume() {
      isFrozen = false
      await wake()
    },
    async [Symbol.asyncDispose]() {
      isEnded = true
      clearInterval(heartbeat)
      await bell.close()
      await line.catch(() => {})
    },
  }
}
