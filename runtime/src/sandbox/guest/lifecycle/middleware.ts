import { type Carry, hostCalls } from '../../bridge.ts'
import { type CurrentRequest, currentRequest, enterRequest } from '../current-request.ts'
import { callHost } from '../host.ts'
import { FunctionRequest } from '../http/request.ts'
import { FunctionResponse } from '../http/response.ts'
import { keepAlive } from './wait-until.ts'

export interface Passed {
  /** Of the answer that went out; 499 when nobody waited for it any more. */
  status: number
}
export type Next = (error?: unknown) => Promise<Passed>

/** A middleware's call on its way through: between `next()` and the answer of what comes behind. */
interface Passage {
  readonly response: FunctionResponse
  readonly request: CurrentRequest | undefined
  readonly resolve: (passed: Passed) => void
}

const passages = new Map<number, Passage>()
/** Middleware that has not come to its end, by call. */
const running = new Map<number, Promise<unknown>>()

// Taken before any author's code runs, so that a changed language does not change what follows.
const settled = Promise.resolve()
const afterwards = Function.prototype.call.bind(Promise.prototype.then) as (promise: Promise<unknown>, then: () => void) => void
export const readCarry: (text: string) => Carry = JSON.parse

/** So many steps of waiting a middleware that does nothing more takes from the answer to its own end, and some. */
const lastStepsMax = 12

/** Gives the call what the middleware before it has set. */
export function applyCarry({ locals, ...set }: Carry, request: FunctionRequest, response: FunctionResponse): void {
  request.locals = locals
  FunctionResponse.inherit(response, set)
}

/** The `next` of one call. What `res` has been given so far becomes the beginning of the next one's `res`. */
export function createNext(call: number, request: FunctionRequest, response: FunctionResponse): Next {
  return (error) => {
    if (error !== undefined && error !== null) throw error instanceof Error ? error : new Error(String(error))
    const state = FunctionResponse.stateOf(response)
    if (state !== 'open') throw new Error(state === 'passed' ? 'next() was called twice.' : 'next() was called after the answer.')
    const carry: Carry = { ...FunctionResponse.settingsOf(response), locals: request.locals }
    const text = JSON.stringify(carry)
    FunctionResponse.pass(response)
    return new Promise((resolve) => {
      passages.set(call, { response, request: currentRequest(), resolve })
      callHost(hostCalls.next, call, FunctionRequest.changedHeaderLines(request) ?? '', text)
    })
  }
}

export function beginMiddleware(call: number, outcome: Promise<unknown>): void {
  running.set(call, outcome)
}
export function endMiddleware(call: number): void {
  running.delete(call)
}

/** The answer of what comes behind has left. The rest of the middleware is work after the answer. */
export function endPassage(call: number, status: number): void {
  const passage = passages.get(call)
  if (passage === undefined) return
  passages.delete(call)
  enterRequest(passage.request)
  FunctionResponse.setPassedStatus(passage.response, status)
  passage.resolve({ status })
  keepAliveUnlessOver(call, lastStepsMax)
}

/** Most middleware is over at once now, in this same entry; the host hears only of what goes on behind it. */
function keepAliveUnlessOver(call: number, stepsLeft: number): void {
  const outcome = running.get(call)
  if (outcome === undefined) return
  if (stepsLeft > 0) afterwards(settled, () => keepAliveUnlessOver(call, stepsLeft - 1))
  else keepAlive(outcome, () => undefined)
}
