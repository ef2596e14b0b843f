import { hostCalls } from '../../bridge.ts'
import { type CurrentRequest, currentRequest, enterRequest } from '../current-request.ts'
import { callHost } from '../host.ts'
import { encode, toPayloadBytes } from './bson.ts'

interface Ticket {
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: Error) => void
  readonly request: CurrentRequest | undefined
  /** Holds the place of the call in the author's code; the answer comes from a stack of its own. */
  readonly from: Error
}

const ticketsMax = 1000
const tickets = new Map<number, Ticket>()
let lastTicket = 0

/** Sends one operation to the host. @returns the bytes of its result */
export function askHost(operation: string, collection: string, values: Record<string, unknown>): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (tickets.size >= ticketsMax) throw new RangeError(`At most ${ticketsMax} database operations may wait at the same time.`)
    const bytes = encode(values)
    const ticket = ++lastTicket
    const request = currentRequest()
    tickets.set(ticket, { resolve, reject, request, from: new Error() })
    callHost(hostCalls.data, ticket, request?.call ?? -1, operation, collection, bytes)
  })
}

export function settleTicket(number: number, isDone: boolean, payload: string | ArrayBuffer): void {
  const ticket = tickets.get(number)
  if (ticket === undefined) return
  tickets.delete(number)
  enterRequest(ticket.request)
  if (isDone) ticket.resolve(toPayloadBytes(payload))
  else ticket.reject(toError(String(payload), ticket.from))
}

/** A failure arrives as JSON: name, message, and what the driver's error had (code, codeName, keyPattern, keyValue ...). */
function toError(text: string, from: Error): Error {
  const { name, message, ...more } = JSON.parse(text) as { name: string; message: string }
  const error = Object.assign(from, more)
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  Object.defineProperty(error, 'message', { value: message, configurable: true, writable: true })
  const frames = (from.stack ?? '').split('\n').slice(1).join('\n')
  error.stack = `${name}: ${message}\n${frames}`
  return error
}
