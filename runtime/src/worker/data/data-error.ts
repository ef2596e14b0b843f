/** A refusal of imprun itself. */
export class DataAccessRefused extends Error {
  readonly code = 'DATA_ACCESS_REFUSED'
  constructor(message: string) {
    super(message)
    this.name = 'DataAccessRefused'
  }
}

/** What a function is told of a failed operation. */
export interface DataErrorDescription {
  name: string
  message: string
  code?: number | string
  codeName?: string
  keyPattern?: unknown
  keyValue?: unknown
}

/** Server code of a command that the worker's database user may not run. */
const unauthorizedCode = 13

/** Keeps name, code and message of the driver's error, and hides where the database is: a function must not learn hosts or what the server said to our user. */
export function describeDataError(error: unknown): DataErrorDescription {
  if (!(error instanceof Error)) return { name: 'Error', message: 'The database operation failed.' }
  const { code, codeName, keyPattern, keyValue } = error as Error & Record<string, unknown>
  if (code === unauthorizedCode)
    return { name: error.name, message: 'The database does not allow this operation.', code: unauthorizedCode, codeName: 'Unauthorized' }
  if (/^Mongo(?:Network|ServerSelection|WaitQueue|PoolCleared|PoolClosed|NotConnected|TopologyClosed)/.test(error.name)) {
    return { name: error.name, message: 'The database does not answer at the moment.', code: 'DATABASE_UNAVAILABLE' }
  }
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === 'number' || typeof code === 'string' ? { code } : {}),
    ...(typeof codeName === 'string' ? { codeName } : {}),
    ...(keyPattern === undefined ? {} : { keyPattern }),
    ...(keyValue === undefined ? {} : { keyValue }),
  }
}
