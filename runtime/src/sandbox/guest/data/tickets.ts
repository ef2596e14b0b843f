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
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly read: (payload: Payload) => unknown
  readonly request: CurrentRequest | undefined
  /** Holds the place of the call in the author's code. */
  readonly from: Error
}

const ticketsMax = 1000
const tickets = new Map<number, Ticket>()
let lastTicket = 0

// Taken before any author's code runs.
const fromCharCode = String.fromCharCode
const apply: (call: typeof fromCharCode, self: undefined, codes: ArrayLike<number>) => string = Reflect.apply

/**
 * Sends one operation to the host.
 * @param read makes of the result what the promise gives
 */
export function askHost<T>(operation: string, collection: string, values: Document, read: (payload: Payload) => T, ignoreUndefined = false): Promise<T> {
  const from = new Error()
  return new Promise<T>((resolve, reject) => {
    assertNotOver()
    if (tickets.size >= ticketsMax) throw new RangeError(`At most ${ticketsMax} database operations may wait at the same time.`)
    const bytes = writeDocument({ operation, collection, ...values }, ignoreUndefined)
    const ticket = ++lastTicket
    const request = currentRequest()
    tickets.set(ticket, { resolve: resolve as (value: unknown) => void, reject, read, request, from })
    callHost(hostCalls.data, ticket, request?.call ?? -1, toPayload(bytes))
  })
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

export function settleTicket(number: number, isDone: boolean, payload: string | ArrayBuffer): void {
  const ticket = tickets.get(number)
  if (ticket === undefined) return
  tickets.delete(number)
  enterRequest(ticket.request)
  try {
    const bytes = typeof payload === 'string' ? payload : new Uint8Array(payload)
    if (isDone) ticket.resolve(ticket.read(bytes))
    else ticket.reject(toError(readOne(bytes), ticket.from))
  } catch (error) {
    ticket.reject(error)
  }
}

/** Most results are one document { value }. */
export const readValue = (payload: Payload): unknown => readOne(payload).value
export const readFirst = (payload: Payload): Document | null => (payload.length === 0 ? null : readOne(payload))
export const readAll = (payload: Payload): Document[] => readDocuments(payload)
