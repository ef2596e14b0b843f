import type { Document } from 'mongodb'

/** A refusal of imprun itself. */
export class DataAccessRefused extends Error {
  readonly code = 'DATA_ACCESS_REFUSED'
  constructor(message: string) {
    super(message)
    this.name = 'DataAccessRefused'
  }
}

/** Nothing came back in the time that the call had left. */
export class DataTimedOut extends Error {
  readonly code = 'DATABASE_UNAVAILABLE'
  constructor(waitedMs: number) {
    super(`The database did not answer within the ${Math.round(waitedMs)} ms that were left for this call.`)
    this.name = 'MongoOperationTimeoutError'
  }
}

/** What a function is told of a failed operation; crosses as BSON, so that values keep their types. */
export interface DataErrorDescription extends Document {
  name: string
  message: string
  code?: number | string
}

/** Server code of a command that the worker's database user may not run. */
const unauthorizedCode = 13
/** What the driver's errors have beside name, message and code, and tells nothing of the server. */
const plainFields = [
  'codeName',
  'keyPattern',
  'keyValue',
  'errInfo',
  'insertedCount',
  'matchedCount',
  'modifiedCount',
  'deletedCount',
  'upsertedCount',
  'insertedIds',
  'upsertedIds',
]
const writeErrorsMax = 1000

/** Keeps what the driver's error says, and hides where the database is: a function must not learn hosts or what the server said to our user. */
export function describeDataError(error: unknown): DataErrorDescription {
  if (!(error instanceof Error)) return { name: 'Error', message: 'The database operation failed.' }
  const from = error as Error & Document
  const { code } = from
  const errorLabels = Array.isArray(from.errorLabels) && from.errorLabels.length > 0 ? { errorLabels: from.errorLabels.map(String) } : {}
  if (code === unauthorizedCode)
    return { name: error.name, message: 'The database does not allow this operation.', code: unauthorizedCode, codeName: 'Unauthorized' }
  if (isAway(error)) return { name: error.name, message: 'The database does not answer at the moment.', code: 'DATABASE_UNAVAILABLE', ...errorLabels }
  const described: DataErrorDescription = { name: error.name, message: withoutPlaces(error.message), ...errorLabels }
  if (typeof code === 'number' || typeof code === 'string') described.code = code
  for (const field of plainFields) if (from[field] !== undefined && from[field] !== null) described[field] = from[field]
  if (Array.isArray(from.writeErrors)) described.writeErrors = from.writeErrors.slice(0, writeErrorsMax).map(describeWriteError)
  return described
}

/** Network, selection and pool errors carry addresses in their text. */
function isAway(error: Error): boolean {
  return /^Mongo(?:Network|ServerSelection|WaitQueue|Pool|NotConnected|TopologyClosed|ServerClosed|ClientClosed|System|Parse|MissingCredentials)/.test(
    error.name,
  )
}

/** Last resort for texts that name a server all the same. */
function withoutPlaces(message: string): string {
  return message
    .replace(/mongodb(?:\+srv)?:\/\/\S+/gi, '[database]')
    .replace(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|\b[\w.-]+:27\d{3}\b|\blocalhost:\d+/g, '[server]')
}

function describeWriteError(error: Document): Document {
  const { index, code, errmsg, err } = error
  const { keyPattern, keyValue, errInfo } = (err ?? error) as Document
  return { index, code, errmsg: withoutPlaces(String(errmsg ?? '')), keyPattern, keyValue, errInfo }
}
