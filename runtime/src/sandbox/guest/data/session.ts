import type { Document } from '../../bson/bson-format.ts'
import { timerGlobals } from '../timers.ts'
import { MongoError } from './mongo-errors.ts'
import { askHost } from './tickets.ts'

const retryMsMax = 120_000
const maxTimeExpiredCode = 50
const now = Date.now
const ignore = (): void => undefined

let lastSession = 0

/** As the driver's: operations that are given it belong together. It ends with the call at the latest; what is not committed then is undone. */
export class ClientSession {
  readonly #number = ++lastSession
  #transaction: 'none' | 'open' | 'committed' | 'aborted' = 'none'
  #started: Promise<unknown> | undefined
  #isEnded = false

  /** @throws TypeError for what is not an open session */
  static numberOf(session: unknown): number {
    if (typeof session !== 'object' || session === null || !(#number in session)) throw new TypeError('A session is made by imp.db().startSession().')
    if (session.#isEnded) throw new TypeError('The session has ended.')
    return session.#number
  }
  get hasEnded(): boolean {
    return this.#isEnded
  }
  inTransaction(): boolean {
    return this.#transaction === 'open'
  }

  startTransaction(options: Document = {}): void {
    if (this.#transaction === 'open') throw new MongoError('Transaction already in progress')
    this.#started = this.#ask('startTransaction', options)
    // Told by whatever uses the transaction next.
    this.#started.catch(ignore)
    this.#transaction = 'open'
  }
  async commitTransaction(): Promise<void> {
    if (this.#transaction === 'none') throw new MongoError('No transaction started')
    if (this.#transaction === 'aborted') throw new MongoError('Cannot call commitTransaction after calling abortTransaction')
    await this.#started
    this.#transaction = 'committed'
    await this.#ask('commitTransaction')
  }
  async abortTransaction(): Promise<void> {
    if (this.#transaction === 'none') throw new MongoError('No transaction started')
    if (this.#transaction === 'aborted') throw new MongoError('Cannot call abortTransaction twice')
    if (this.#transaction === 'committed') throw new MongoError('Cannot call abortTransaction after calling commitTransaction')
    this.#transaction = 'aborted'
    await this.#ask('abortTransaction')
  }

  /**
   * Runs the work in a transaction and commits it. Work that collided with another transaction is run again from its beginning, so it should do nothing but
   * use the database. What it throws undoes the transaction.
   */
  async withTransaction<T>(work: (session: ClientSession) => Promise<T>, options: Document = {}): Promise<T> {
    const endsAt = now() + retryMsMax
    for (let attempt = 0; ; attempt++) {
      this.startTransaction(options)
      try {
        const result = await work(this)
        if (this.#transaction === 'open') await this.#commit(endsAt)
        return result
      } catch (error) {
        if (this.#transaction === 'open') await this.abortTransaction().catch(ignore)
        if (!hasLabel(error, 'TransientTransactionError') || now() >= endsAt) throw error
        await pause(Math.random() * Math.min(5 * 1.5 ** attempt, 500))
      }
    }
  }
  /** Whether a commit arrived may stay unknown, and asking once more is safe. */
  async #commit(endsAt: number): Promise<void> {
    for (;;) {
      try {
        return await this.commitTransaction()
      } catch (error) {
        const isUnknown = hasLabel(error, 'UnknownTransactionCommitResult') && (error as MongoError).code !== maxTimeExpiredCode
        if (!isUnknown || now() >= endsAt) throw error
      }
    }
  }

  async endSession(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#transaction = 'none'
    await askHost('endSession', '', { session: this.#number }, ignore)
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.endSession()
  }

  #ask(operation: string, options?: Document): Promise<void> {
    return askHost(operation, '', { session: ClientSession.numberOf(this), options }, ignore)
  }
}

const hasLabel = (error: unknown, label: string): boolean => error instanceof MongoError && error.hasErrorLabel(label)
const pause = (ms: number): Promise<void> => new Promise((resolve) => timerGlobals.setTimeout(resolve, ms))
