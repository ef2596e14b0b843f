import { type CodeFacts, type ContextFacts, controlCodes, type EntryLimits, type GuestFailure, hostCalls, loadCaughtName, resumeCodes } from '../bridge.ts'
import { type CurrentRequest, enterRequest } from './current-request.ts'
import { data } from './data/lazy-data.ts'
import { describeFailure } from './failure.ts'
import { beginEntry, callHost, limitEntries } from './host.ts'
import { BodyNotReadable } from './http/body-parsing.ts'
import { drained } from './http/outflow.ts'
import { FunctionRequest } from './http/request.ts'
import { FunctionResponse } from './http/response.ts'
import { answerWithReturned } from './http/returned-value.ts'
import { setImpFacts } from './imp.ts'
import { settleInvoke } from './lifecycle/invoke.ts'
import { applyCarry, beginMiddleware, createNext, endMiddleware, endPassage, type Next, readCarry } from './lifecycle/middleware.ts'
import { log } from './log.ts'
import { abortOpenCall, keepOpenCall, releaseOpenCall } from './open-calls.ts'
import { fireTimer } from './timers.ts'
import { setVariables } from './variables.ts'
import { resumeFetch } from './web/fetch.ts'
import { resumeSubtle } from './web/subtle.ts'

type Handler = (request: FunctionRequest, response: FunctionResponse, next?: Next) => unknown

const languageChanged = 'The function, or a package of it, has changed a part of the language that answering needs.'

let handler: Handler | undefined
let isMiddleware = false
let unsettled = 0
/** The last answer given as an entry's value, for the case that the value is lost. */
let lastAnswer: { call: number; text: string } | undefined

// Taken before any author's code runs, so that a changed prototype does not change the dispatcher.
const afterwards = Function.prototype.call.bind(Promise.prototype.then) as (
  promise: Promise<unknown>,
  done: (value: unknown) => void,
  failed: (error: unknown) => void,
) => void

/**
 * One call.
 * @param carried what the middleware before it hands on, if there is one
 * @returns the answer if the handler gave it before its first await; else it goes out through the host when it is there
 */
export function run(call: number, meta: string, body: string, carried?: string): string | undefined {
  beginEntry()
  let request: FunctionRequest
  try {
    request = new FunctionRequest(meta, body)
  } catch (error) {
    if (error instanceof BodyNotReadable) return toProblem(meta, error)
    callHost(hostCalls.failed, call, 'FUNCTION_FAILED', languageChanged, '', '')
    return undefined
  }
  const response = new FunctionResponse(call, request)
  FunctionRequest.join(request, response)
  if (carried !== undefined) applyCarry(readCarry(carried), request, response)
  const current: CurrentRequest = { call, id: request.id, over: undefined, dataOperations: 0 }
  enterRequest(current)
  unsettled++
  const outcome = (async () => (isMiddleware ? handler?.(request, response, createNext(call, request, response)) : handler?.(request, response)))()
  const answer = FunctionResponse.endFirstStretch(response)
  if (isMiddleware) beginMiddleware(call, outcome)
  afterwards(
    outcome,
    (value) => {
      unsettled--
      guard(call, () => settle(call, request, response, value))
    },
    (error) => {
      unsettled--
      guard(call, () => fail(call, request, response, error))
    },
  )
  if (answer === undefined) keepOpenCall({ current, request, response })
  else lastAnswer = { call, text: answer }
  return answer
}

/** Whatever an author has done to the language, the call ends. */
function guard(call: number, end: () => void): void {
  try {
    end()
  } catch {
    callHost(hostCalls.failed, call, 'FUNCTION_FAILED', languageChanged, '', '')
  }
}

function settle(call: number, request: FunctionRequest, response: FunctionResponse, value: unknown): void {
  if (isMiddleware) endMiddleware(call)
  if (FunctionResponse.stateOf(response) === 'ended') releaseOpenCall(call)
  // A stream that has begun stays open until res.end(): timers may go on writing to it.
  if (FunctionResponse.stateOf(response) !== 'open') return
  if (value === undefined || value === response) {
    const nothing = isMiddleware
      ? 'The middleware did nothing: it neither answered nor called next().'
      : 'The function answered nothing: it neither ended `res` nor returned a value.'
    return refuse(call, request, nothing)
  }
  try {
    const handedOn = answerWithReturned(value, response)
    if (handedOn !== undefined) afterwards(handedOn, ignore, (error) => fail(call, request, response, error))
  } catch (error) {
    refuse(call, request, `The function returned something that cannot be an answer: ${describeFailure(error).message}`)
  }
}
function ignore(): void {}

function refuse(call: number, request: FunctionRequest, message: string): void {
  callHost(hostCalls.failed, call, 'FUNCTION_ANSWER_INVALID', message, '', request.id)
}

function fail(call: number, request: FunctionRequest, response: FunctionResponse, error: unknown): void {
  if (isMiddleware) endMiddleware(call)
  releaseOpenCall(call)
  const { message, stack } = describeFailure(error)
  const state = FunctionResponse.stateOf(response)
  if (state === 'ended' || state === 'passed')
    log('error', [`Thrown after the ${state === 'ended' ? 'answer was sent' : 'call of next()'}: ${stack || message}`])
  else callHost(hostCalls.failed, call, 'FUNCTION_FAILED', message, stack, request.id)
}

/** The one answer that imprun gives in the function's place: the caller sent a body that is not what it says. */
function toProblem(meta: string, { message: detail }: BodyNotReadable): string {
  const requestId = meta.split('\n', 3)[2] ?? ''
  const problem = { type: 'urn:imprun:error:request-invalid', title: 'Bad request', status: 400, detail, code: 'REQUEST_INVALID', requestId }
  return `400\ncontent-type\napplication/problem+json\n\n${JSON.stringify(problem)}`
}

/** @param more code, number and payload in turns, of results of the database for the same call */
export function resume(code: number, number: number, payload: string | ArrayBuffer, ...more: (number | string | ArrayBuffer)[]): void {
  beginEntry()
  if (code === resumeCodes.drained) drained(number)
  else if (code === resumeCodes.timer) runTimer(number)
  else if (code === resumeCodes.subtleDone || code === resumeCodes.subtleFailed) resumeSubtle(code, number, payload)
  else if (code === resumeCodes.aborted) abortOpenCall(number, payload === 'deadline')
  else if (code === resumeCodes.invokeAnswered || code === resumeCodes.invokeFailed) settleInvoke(number, code === resumeCodes.invokeAnswered, String(payload))
  else if (code === resumeCodes.nextAnswered) endPassage(number, Number(payload))
  else if (code >= resumeCodes.fetchHead && code <= resumeCodes.fetchDrained) resumeFetch(code, number, payload)
  else data().settleTicket(number, code === resumeCodes.dataDone, payload)
  for (let at = 0; at < more.length; at += 3)
    data().settleTicket(more[at + 1] as number, more[at] === resumeCodes.dataDone, more[at + 2] as string | ArrayBuffer)
}

function runTimer(number: number): void {
  try {
    fireTimer(number)
  } catch (error) {
    const { message, stack } = describeFailure(error)
    log('error', [`Thrown in a timer: ${stack || message}`])
  }
}

export function control(code: number, argument: string | number): string | number | undefined {
  // The variables are set between `prepare` and the load, whose limit runs already.
  if (code !== controlCodes.setVariables) beginEntry()
  if (code === controlCodes.countUnsettled) return unsettled
  if (code === controlCodes.setVariables) setVariables(String(argument))
  if (code === controlCodes.takeAnswer) return lastAnswer?.call === argument ? lastAnswer.text : undefined
  if (code === controlCodes.finishLoad) return finishLoad()
  if (code === controlCodes.prepare) prepare(JSON.parse(String(argument)))
  return undefined
}

function prepare(facts: ContextFacts & EntryLimits & CodeFacts): void {
  limitEntries(facts)
  isMiddleware = facts.isMiddleware
  setImpFacts(facts)
  // Before the author's code can change what it is made with.
  if (facts.mentionsData) data()
}

/** @returns undefined when the module can serve, else a GuestFailure as JSON */
function finishLoad(): string | undefined {
  const scope = globalThis as Record<string, unknown>
  const caught = scope[loadCaughtName] as { error: unknown } | undefined
  const exported = scope.__exports as { default?: unknown } | undefined
  delete scope[loadCaughtName]
  let failure: GuestFailure | undefined
  if (caught !== undefined) failure = { code: 'CODE_THROWS_AT_LOAD', ...describeFailure(caught.error) }
  else if (typeof exported?.default === 'function') handler = exported.default as Handler
  else
    failure = {
      code: 'CODE_WITHOUT_DEFAULT_EXPORT',
      message: 'The code has no default export that is a function. Write: export default async function (req, res) { ... }',
      stack: '',
    }
  return failure && JSON.stringify(failure)
}
