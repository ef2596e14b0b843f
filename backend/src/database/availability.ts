import {
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb'

// The driver has kinds below these that it does not export: they are subclasses.
const connectionErrors = [MongoNetworkError, MongoNotConnectedError, MongoServerSelectionError, MongoTopologyClosedError]
/** The server is going down, stepping down or not yet primary: the same call works a little later. */
const passingServerCodes = new Set([91, 189, 10107, 11600, 11602, 13435, 13436])

/** True when MongoDB could not be reached or is changing its role, so the fault is neither the call's nor ours. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (connectionErrors.some((kind) => error instanceof kind)) return true
  if (error instanceof MongoServerError || error instanceof MongoWriteConcernError) return passingServerCodes.has(Number(error.code))
  return error instanceof Error && error.cause !== undefined && isDatabaseUnavailable(error.cause)
}
