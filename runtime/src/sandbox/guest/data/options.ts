import type { Document } from '../../bson/bson-format.ts'
import { ClientSession } from './session.ts'
import { askHost, type Payload } from './tickets.ts'

/** Sends an operation with its options as authors give them: what is for this side (the session, ignoreUndefined) is taken out. */
export function askWith<T>(operation: string, collection: string, values: Document, options: Document | undefined, read: (payload: Payload) => T): Promise<T> {
  if (options === undefined) return askHost(operation, collection, values, read)
  const { session, ignoreUndefined, ...rest } = options
  values.options = rest
  if (session !== undefined && session !== null) values.session = ClientSession.numberOf(session)
  return askHost(operation, collection, values, read, ignoreUndefined === true)
}
