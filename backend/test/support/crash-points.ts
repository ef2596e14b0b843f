import { strict as assert } from 'node:assert'
import { type ControlCrossing, tapControl } from './control-tap.ts'
import { type Crossing, type FaultProxy, givenFaultProxy, isOfBackend } from './fault-proxy.ts'
import { type GivenBackend, givenBackend } from './given-backend.ts'
import { type GivenMongo, givenMongo } from './given-mongo.ts'

/**
 * A backend that can be made to die at each moment that matters: before the first write reaches MongoDB, after each was applied and before its answer
 * comes back, and the same for what it tells its runtime. The runtime lives on, and nothing in the backend knows of this.
 */
export interface MortalBackend extends AsyncDisposable {
  readonly mongo: GivenMongo
  readonly proxy: FaultProxy
  /** The life that runs now. */
  readonly backend: GivenBackend
  /**
   * Does the work and kills the backend when it comes to a moment of it that is not among `passed`.
   * @param database what the work makes; indexes of others are made in the background
   * @returns the name of the moment, once the process is gone; undefined when the work was over before
   * @throws what the work throws while the backend lives
   */
  dieOnce(passed: ReadonlySet<string>, work: () => Promise<unknown>, database?: string): Promise<string | undefined>
}

const writes = new Set('insert update delete findAndModify commitTransaction createUser updateUser dropUser createRole grantPrivilegesToRole'.split(' '))
for (const name of 'revokePrivilegesFromRole create createIndexes drop dropDatabase'.split(' ')) writes.add(name)

/** Asked all the time, and mostly there is nothing to take. */
const isClaim = ({ name, command }: Crossing) => name === 'findAndModify' && command.query?.$expr !== undefined
/** Of what runs beside every piece of work. */
const isUpkeep = ({ name, database }: Crossing, made: string | undefined) => /^create(?:Indexes)?$/.test(name) && database !== made
const isInTransaction = ({ command }: Crossing) => command.autocommit === false
const hasChanged = ({ reply = {} }: Crossing) => reply.ok === 1 && reply.n !== 0 && reply.value !== null

/**
 * What outlives a process changes with each write that is applied, so dying before one is dying after the one before it: only the first has a moment before.
 * @returns undefined where dying is no different from dying a message earlier.
 */
export function momentOf(crossing: Crossing, made: string | undefined, isFirst: boolean): string | undefined {
  const { direction, name, command, database } = crossing
  if (!writes.has(name) || isUpkeep(crossing, made) || !isOfBackend(crossing)) return undefined
  // Nothing of a transaction is kept before its commit, which is a moment of its own.
  if (name !== 'commitTransaction' && isInTransaction(crossing)) return undefined
  // Rounds differ in the number at the end of what they work on.
  const label = name === 'commitTransaction' ? name : `${name} ${database}.${command[name]}`.replace(/-\d+/g, '')
  if (direction === 'toServer') return isFirst && !isClaim(crossing) ? `before ${label}` : undefined
  return hasChanged(crossing) ? `after ${isClaim(crossing) ? 'the claim ' : ''}${label}` : undefined
}

const momentOfControl = ({ direction, type }: ControlCrossing): string | undefined =>
  direction !== 'toRuntime' && (type === 'assign' || type === 'unassign') ? `after ${type}` : undefined

export async function givenMortalBackend(env: Record<string, string> = {}): Promise<MortalBackend> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const proxy = stack.use(await givenFaultProxy(mongo.uri))
  const backend = stack.use(await givenBackend({ asProcess: true, isMortal: true, env: { MONGODB_URI: proxy.uri, ...env } }))
  let made: string | undefined
  let onMoment: ((moment: string) => Promise<unknown> | undefined) | undefined
  const seen = new Map<string, number>()
  const look = (moment: string | undefined) => (moment === undefined ? undefined : onMoment?.(moment))
  stack.use(proxy.interfere((crossing) => look(momentOf(crossing, made, seen.size === 0))))
  stack.use(await tapControl(backend.home, (crossing) => look(momentOfControl(crossing))))
  // From its second life on, the backend comes to its runtime through the tap.
  await backend.kill()
  await backend.start()
  const held = stack.move()

  return {
    mongo,
    proxy,
    backend,
    async dieOnce(passed, work, database) {
      made = database
      const died = Promise.withResolvers<string>()
      let isDead = false
      seen.clear()
      onMoment = (label) => {
        const nth = (seen.get(label) ?? 0) + 1
        seen.set(label, nth)
        const moment = `${label} (${nth})`
        if (!isDead && passed.has(moment)) return undefined
        if (!isDead) {
          process.kill(backend.connection.pid, 'SIGKILL')
          proxy.cut(isOfBackend)
          died.resolve(moment)
        }
        isDead = true
        // Nothing that a dead process has on the way arrives any more.
        return new Promise(() => {})
      }
      try {
        const working = work().then(() => undefined)
        // Work that is cut short fails in its own way, or waits for what does not come.
        working.catch(() => {})
        return await Promise.race([working.catch((error: unknown) => (isDead ? died.promise : Promise.reject(error))), died.promise])
      } finally {
        onMoment = undefined
        if (isDead) await backend.kill()
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

const momentsMax = 300

/**
 * Runs rounds that each die at a moment that none has died at before, until one comes to its end. What else the backend does beside the work only adds moments,
 * however it falls.
 * @returns the moments, in the order in which they were found
 */
export async function dieAtEveryMoment(round: (n: number, passed: ReadonlySet<string>) => Promise<string | undefined>, countMin: number): Promise<string[]> {
  const passed = new Set<string>()
  for (;;) {
    const moment = await round(passed.size + 1, passed)
    if (moment === undefined) break
    passed.add(moment)
    assert.ok(passed.size < momentsMax, `Moments have names that differ in each round, so that there is no end of them: ${[...passed].slice(-5).join(', ')}`)
  }
  assert.ok(passed.size >= countMin, `Only ${passed.size} moments were found: ${[...passed].join(', ')}`)
  return [...passed]
}
