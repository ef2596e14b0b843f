/** The driver's errors, as far as a function can tell them apart. Their `name` may be that of any other error of the driver. */
export class MongoError extends Error {
  declare code?: number | string
  readonly errorLabels: readonly string[] = []
  hasErrorLabel(label: string): boolean {
    return this.errorLabels.includes(label)
  }
}
/** What the server answered. */
export class MongoServerError extends MongoError {}
/** Some of the operations of a bulk failed; `writeErrors` tells which. */
export class MongoBulkWriteError extends MongoServerError {}

export const mongoErrors = { MongoError, MongoServerError, MongoBulkWriteError }

const serverErrors = new Set(['MongoServerError', 'MongoWriteConcernError', 'MongoClientBulkWriteError'])

function classOf(name: string): new (message: string) => Error {
  if (name === 'MongoBulkWriteError') return MongoBulkWriteError
  if (serverErrors.has(name)) return MongoServerError
  return name.startsWith('Mongo') ? MongoError : Error
}

/**
 * @param described name, message and what else the host tells (code, codeName, keyPattern, writeErrors ...)
 * @param from made where the author asked: the answer comes from a stack of its own
 */
export function toError(described: Record<string, unknown>, from: Error): Error {
  const { name, message, ...more } = described
  const error = Object.assign(new (classOf(String(name)))(String(message)), more)
  Object.defineProperty(error, 'name', { value: String(name), configurable: true, writable: true })
  const frames = (from.stack ?? '').split('\n').slice(1).join('\n')
  Object.defineProperty(error, 'stack', { value: `${name}: ${message}\n${frames}`, configurable: true, writable: true })
  return error
}
