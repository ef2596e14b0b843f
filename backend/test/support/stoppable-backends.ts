import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { Document } from 'mongodb'
import { findFreePort } from '../../src/platform/ports.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'
import { momentOf } from './crash-points.ts'
import { eventually } from './eventually.ts'
import { type Crossing, givenFaultProxy, isOfBackend } from './fault-proxy.ts'
import { type GivenBackend, givenBackend } from './given-backend.ts'
import { type GivenMongo, givenMongo } from './given-mongo.ts'

/** Short, so that what a stopped backend holds is taken over within a test; what it has in a transaction is kept by MongoDB for so long. */
const lockMs = 1_000
const transactionS = { inTest: 3, usual: 60 }

/** Two backends as processes of their own on one MongoDB. One of them has the runtime; the other can be stopped (SIGSTOP) in the middle of its work. */
export interface StoppableBackends extends AsyncDisposable {
  readonly mongo: GivenMongo
  readonly slow: GivenBackend
  readonly other: GivenBackend
  /**
   * Does the work and stops the slow backend at the n-th moment (from 0) of its writes.
   * @returns the moment; undefined when the work was over before
   */
  stopAt(n: number, work: () => Promise<unknown>): Promise<string | undefined>
  resume(): Promise<void>
  /** Settles when the slow one has asked for work again several times since it was resumed. */
  slowHasLooked(): Promise<void>
  /** Writes of a holder that were applied although another one had taken over. */
  staleWrites(): string[]
  /** Writes of the slow one that came too late and changed nothing. */
  refusedWrites(): number
  /** How often the other one has claimed, while the slow one stood still, what that one held last. */
  takenOver(): number
}

export async function givenStoppableBackends(): Promise<StoppableBackends> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const proxy = stack.use(await givenFaultProxy(mongo.uri))
  const limitTransactions = (seconds: number) => mongo.database.named('admin').command({ setParameter: 1, transactionLifetimeLimitSeconds: seconds })
  await limitTransactions(transactionS.inTest)
  stack.defer(async () => void (await limitTransactions(transactionS.usual)))
  const env = {
    MONGODB_URI: proxy.uri,
    IMPRUN_SECRET_KEY: randomBytes(32).toString('hex'),
    IMPRUN_EDGE_PORT: String(await findFreePort()),
    IMPRUN_LOCK_MS: String(lockMs),
  }
  const other = stack.use(await givenBackend({ asProcess: true, env }))
  const slow = stack.use(await givenBackend({ asProcess: true, env: { ...env, IMPRUN_RUNTIMES: '0' } }))
  const slowName = `imprun-backend-${homeDigest(slow.home)}`
  const fences = createFenceBook()
  let onMoment: ((moment: string) => void) | undefined
  let looked = 0
  let isStopped = false
  stack.use(
    proxy.interfere((crossing) => {
      if (!isOfBackend(crossing)) return undefined
      fences.note(crossing, isStopped)
      if (crossing.appName !== slowName) return undefined
      if (crossing.direction === 'toServer' && isClaim(crossing)) looked++
      const moment = crossing.direction === 'toClient' ? momentOf(crossing, undefined, false) : undefined
      if (moment !== undefined) onMoment?.(moment)
      return undefined
    }),
  )
  const signal = (name: NodeJS.Signals) => process.kill(slow.connection.pid, name)
  stack.defer(() => void signal('SIGCONT'))
  const held = stack.move()
  return {
    mongo,
    slow,
    other,
    async stopAt(n, work) {
      const stopped = Promise.withResolvers<string>()
      let count = 0
      onMoment = (moment) => {
        if (count++ !== n) return
        signal('SIGSTOP')
        isStopped = true
        stopped.resolve(moment)
      }
      try {
        return await Promise.race([stopped.promise, work().then(() => undefined)])
      } finally {
        onMoment = undefined
      }
    },
    async resume() {
      isStopped = false
      signal('SIGCONT')
      looked = 0
    },
    slowHasLooked: () => eventually(() => assert.ok(looked >= 6), 30_000),
    staleWrites: () => fences.stale,
    refusedWrites: () => fences.refused(slowName),
    takenOver: () => fences.takenOverFrom(slowName),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

const isClaim = ({ name, command }: Crossing) => name === 'findAndModify' && command.query?.$expr !== undefined

/** Who may write what, by what MongoDB has answered: a fence is over once a higher one was given out for the same document. */
function createFenceBook() {
  const given = new Map<string, { fence: number; to: string }>()
  const late = new WeakSet<Document>()
  const [refused, takenOver] = [new Map<string, number>(), new Map<string, number>()]
  const add = (counts: Map<string, number>, appName: string) => counts.set(appName, (counts.get(appName) ?? 0) + 1)
  const stale: string[] = []
  return {
    stale,
    refused: (appName: string) => refused.get(appName) ?? 0,
    takenOverFrom: (appName: string) => takenOver.get(appName) ?? 0,
    note(crossing: Crossing, isStopped: boolean): void {
      const { direction, command, appName } = crossing
      for (const { key, fence } of claimedBy(crossing)) {
        const last = given.get(key)
        if (fence <= (last?.fence ?? 0)) continue
        if (isStopped && last && last.to !== appName) add(takenOver, last.to)
        given.set(key, { fence, to: appName })
      }
      const write = fencedWrite(crossing)
      if (!write) return
      if (direction === 'toServer') {
        if (write.fence < (given.get(write.key)?.fence ?? 0)) late.add(command)
      } else if (late.has(command)) {
        if (write.isApplied) stale.push(`${appName} wrote ${write.key} with fence ${write.fence}`)
        else add(refused, appName)
      }
    },
  }
}

interface Fenced {
  key: string
  fence: number
}
const fencedOf = (collection: string, { _id, fence }: Document): Fenced => ({ key: `${collection} ${_id}`, fence: Number(fence) })

/** Documents that a claim was given: one by the write that took it, several by the reading that follows theirs. */
function claimedBy({ direction, name, command, reply }: Crossing): Fenced[] {
  if (direction === 'toServer') return []
  if (name === 'find' && command.filter?.claimId !== undefined)
    return ((reply?.cursor?.firstBatch ?? []) as Document[]).map((document) => fencedOf(command.find, document))
  const written = reply?.value as Document | null | undefined
  const isTaken = name === 'findAndModify' && command.query?.fence === undefined && written?.fence !== undefined
  return isTaken ? [fencedOf(command.findAndModify, written)] : []
}

/** A write on the condition that the fence is still its holder's; `isApplied` on the way back. */
function fencedWrite({ name, command, reply }: Crossing): (Fenced & { isApplied: boolean }) | undefined {
  const condition: Document | undefined = command.query ?? command.updates?.[0]?.q ?? command.deletes?.[0]?.q
  if (condition?._id === undefined || condition.fence === undefined) return undefined
  const isApplied = name === 'findAndModify' ? reply?.value != null : Number(reply?.n) > 0
  return { ...fencedOf(command[name], condition), isApplied }
}
