import { hostCalls, stringPayloadBytesMax } from '../../bridge.ts'
import type { Document } from '../../bson/bson-format.ts'
import { readDocuments, readOne } from '../../bson/bson-reader.ts'
import { writeDocument } from '../../bson/bson-writer.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from '../current-request.ts'
import { callHost } from '../host.ts'
import { toError } from './mongo-errors.ts'

/** A result of the host: BSON, small as a string of one character per byte. */
export type Payload = string | Uint8Array

interface Ticket {
  readonly resolve: (payload: Payload) => void
  readonly reject: (error: unknown) => void
  readonly request: CurrentRequest | undefined
}
/** What the host tells of an operation that failed, until it is made an error. */
class Failure {
  readonly payload: Payload
  constructor(payload: Payload) {
    this.payload = payload
  }
}

const ticketsMax = 1000
const tickets = new Map<number, Ticket>()
let lastTicket = 0

// Taken before any author's code runs.
const fromCharCode = String.fromCharCode
const apply: (call: typeof fromCharCode, self: undefined, codes: ArrayLike<number>) => string = Reflect.apply

/**
 * So many operations of a request remember where they were asked for, which costs each as much as everything else here. For those after them (loops) the
 * engine finds the author's `await`, from where the error is made; where nothing is awaited it would find nobody.
 */
const placesMax = 16

/**
 * Sends one operation to the host.
 * @param read makes of the result what the promise gives
 */
export async function askHost<T>(operation: string, collection: string, values: Document, read: (payload: Payload) => T, ignoreUndefined = false): Promise<T> {
  assertNotOver()
  if (tickets.size >= ticketsMax) throw new RangeError(`At most ${ticketsMax} database operations may wait at the same time.`)
  const request = currentRequest()
  const place = request === undefined || ++request.dataOperations <= placesMax ? new Error() : undefined
  const asked = toPayload(writeDocument({ operation, collection, ...values }, ignoreUndefined))
  let result: Payload
  try {
    result = await new Promise<Payload>((resolve, reject) => send(request, asked, resolve, reject))
  } catch (error) {
    throw error instanceof Failure ? toError(readOne(error.payload), place ?? new Error()) : error
  }
  return read(result)
}

function send(request: CurrentRequest | undefined, payload: Payload, resolve: Ticket['resolve'], reject: Ticket['reject']): void {
  const ticket = ++lastTicket
  tickets.set(ticket, { resolve, reject, request })
  callHost(hostCalls.data, ticket, request?.call ?? -1, payload)
}

onRequestOver((request, reason) => {
  for (const [number, ticket] of tickets) {
    if (ticket.request !== request) continue
    tickets.delete(number)
    ticket.reject(reason)
  }
})

function toPayload(bytes: Uint8Array): Payload {
  return bytes.length <= stringPayloadBytesMax ? apply(fromCharCode, undefined, bytes) : bytes.slice()
}

/** Small results come several at once. None is lost when the code that waits for one of them hangs, because nothing of an author's runs in here. */
export function settleTicket(number: number, isDone: boolean, payload: string | ArrayBuffer): void {
  const ticket = tickets.get(number)
  if (ticket === undefined) return
  tickets.delete(number)
  enterRequest(ticket.request)
  const result = typeof payload === 'string' ? payload : new Uint8Array(payload)
  // Rejected and not resolved: of an object that a promise is resolved with, the engine asks for its `then`, which an author may have defined for all.
  if (isDone) ticket.resolve(result)
  else ticket.reject(new Failure(result))
}

/** Most results are one document { value }. */
export const readValue = (payload: Payload): unknown => readOne(payload).value
export const readFirst = (payload: Payload): Document | null => (payload.length === 0 ? null : readOne(payload))
export const readAll = (payload: Payload): Document[] => readDocuments(payload)
