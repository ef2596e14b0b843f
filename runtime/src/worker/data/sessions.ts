import type { ClientSession, MongoClient, TransactionOptions } from 'mongodb'
import { HeldForCalls } from './held-for-calls.ts'

const openSessionsMax = 20

/** The sessions of a function version. The guest gives the numbers; a session of the driver begins with its first use and is aborted when it is let go. */
export class Sessions {
  readonly #held: HeldForCalls<ClientSession>
  readonly #client: () => MongoClient

  constructor(client: () => MongoClient, isCallOpen: (call: unknown) => boolean) {
    this.#client = client
    this.#held = new HeldForCalls({
      max: openSessionsMax,
      tooMany: `At most ${openSessionsMax} sessions may be open. End those that are not needed any more.`,
      isCallOpen,
      // Aborts what was not committed.
      end: (session) => session.endSession(),
    })
  }

  /** Runs work in that session; nothing ends it meanwhile. @throws RangeError when too many are open */
  use<R>(number: number, call: unknown, work: (session: ClientSession) => Promise<R>): Promise<R> {
    if (!this.#held.has(number)) this.#held.add(number, call, () => this.#client().startSession())
    return this.#held.use(number, work)
  }
  end(number: number): Promise<void> {
    return this.#held.end(number)
  }
  endAll(): void {
    this.#held.endAll()
  }
}

type SessionOperation = (session: ClientSession, options: TransactionOptions) => Promise<void>

export const sessionOperations: Readonly<Record<string, SessionOperation>> = {
  async startTransaction(session, options) {
    session.startTransaction(options)
  },
  commitTransaction: (session) => session.commitTransaction(),
  abortTransaction: (session) => session.abortTransaction(),
}
