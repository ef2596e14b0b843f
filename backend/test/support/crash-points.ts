import { strict as assert } from 'node:assert'
import { type ControlCrossing, tapControl } from './control-tap.ts'
import { type Crossing, type FaultProxy, givenFaultProxy, isOfBackend } from './fault-proxy.ts'
import { type GivenBackend, givenBackend } from './given-backend.ts'
import { type GivenMongo, givenMongo } from './given-mongo.ts'

/**
 * A backend that can be made to die at the n-th moment that matters: before the first write reaches MongoDB, after each was applied and before its answer
 * comes back, and the same for what it tells its runtime. The runtime lives on, and nothing in the backend knows of this.
 */
export interface MortalBackend extends AsyncDisposable {
  readonly mongo: GivenMongo
  readonly proxy: FaultProxy
  /** The life that runs now. */
  readonly backend: GivenBackend
  /**
   * Does the work and kills the backend when it comes to moment `n` (from 1) of it.
   * @param database what the work makes; indexes of others are made in the background
   * @returns the name of the moment, once the process is gone; undefined when the work was over before
   * @throws what the work throws while the backend lives
   */
  dieAt(n: number, work: () => Promise<unknown>, database?: string): Promise<string | undefined>
}

const writes = new Set('insert update delete findAndModify commitTransaction createUser updateUser dropUser createRole grantPrivilegesToRole'.split(' '))
for (const name of 'revokePrivilegesFromRole create createIndexes drop dropDatabase'.split(' ')) writes.add(name)

/** Asked all the time, and mostly there is nothing to take. */
const isClaim = ({ name, command }: Crossing) => name === 'findAndModify' && command.query?.$expr !== undefined
/** Of what runs beside every piece of work. */
const isUpkeep = ({ name, command, database }: Crossing, made: string | undefined) =>
  command[name] === 'portLeases' || (/^create(?:Indexes)?$/.test(name) && database !== made)
const isInTransaction = ({ command }: Crossing) => command.autocommit === false
const hasChanged = ({ reply = {} }: Crossing) => reply.ok === 1 && reply.n !== 0 && reply.value !== null

/**
 * What outlives a process changes with each write that is applied, so dying before one is dying after the one before it: only the first has a moment before.
 * @returns undefined where dying is no different from dying a message earlier.
 */
function momentOf(crossing: Crossing, made: string | undefined, isFirst: boolean): string | undefined {
  const { direction, name, command, database } = crossing
  if (!writes.has(name) || isUpkeep(crossing, made) || !isOfBackend(crossing)) return undefined
  // Nothing of a transaction is kept before its commit, which is a moment of its own.
  if (name !== 'commitTransaction' && isInTransaction(crossing)) return undefined
  const label = name === 'commitTransaction' ? name : `${name} ${database}.${command[name]}`
  if (direction === 'toServer') return isFirst && !isClaim(crossing) ? `before ${label}` : undefined
  return hasChanged(crossing) ? `after ${isClaim(crossing) ? 'the claim ' : ''}${label}` : undefined
}

const momentOfControl = ({ direction, type }: ControlCrossing): string | undefined =>
  direction !== 'toRuntime' && (type === 'assign' || type === 'unassign') ? `after ${type}` : undefined

export async function givenMortalBackend(env: Record<string, string> = {}): Promise<MortalBackend> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const proxy = stack.use(await givenFaultProxy(mongo.uri))
  const backend = stack.use(await givenBackend({ asProcess: true, env: { MONGODB_URI: proxy.uri, ...env } }))
  let made: string | undefined
  let onMoment: ((moment: string) => Promise<unknown> | undefined) | undefined
  let count = 0
  const look = (moment: string | undefined) => (moment === undefined ? undefined : onMoment?.(moment))
  stack.use(proxy.interfere((crossing) => look(momentOf(crossing, made, count === 0))))
  stack.use(await tapControl(backend.home, (crossing) => look(momentOfControl(crossing))))
  // From its second life on, the backend comes to its runtime through the tap.
  await backend.kill()
  await backend.start()
  const held = stack.move()

  return {
    mongo,
    proxy,
    backend,
    async dieAt(n, work, database) {
      made = database
      const died = Promise.withResolvers<string>()
      count = 0
      onMoment = (moment) => {
        if (++count < n) return undefined
        if (count === n) {
          process.kill(backend.connection.pid, 'SIGKILL')
          proxy.cut(isOfBackend)
          died.resolve(moment)
        }
        // Nothing that a dead process has on the way arrives any more.
        return new Promise(() => {})
      }
      try {
        const working = work().then(() => undefined)
        // Work that is cut short fails in its own way, or waits for what does not come.
        working.catch(() => {})
        return await Promise.race([working.catch((error: unknown) => (count < n ? Promise.reject(error) : died.promise)), died.promise])
      } finally {
        onMoment = undefined
        if (count >= n) await backend.kill()
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/**
 * Runs rounds that die one moment later each, until one comes to its end: then every moment has been died at.
 * @returns the moments, in order
 */
export async function dieAtEveryMoment(round: (n: number) => Promise<string | undefined>, countMin: number): Promise<string[]> {
  const moments: string[] = []
  for (;;) {
    const moment = await round(moments.length + 1)
    if (moment === undefined) break
    moments.push(moment)
  }
  assert.ok(moments.length >= countMin, `Only ${moments.length} moments were found: ${moments.join(', ')}`)
  return moments
}
