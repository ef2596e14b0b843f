/**
 * What the host and the guest say to each other across the isolate's wall. Both sides import this file, so it imports nothing. Only strings, numbers,
 * booleans and (out of the guest) bytes cross. The guest is hostile: the host checks every value that it is handed.
 */

/** What the guest asks of the host: `host(code, ...values)`. */
export const hostCalls = {
  /** (call, text): the whole answer, head + "\n\n" + text. */
  answer: 1,
  /** (call, head, bytes) */
  answerBytes: 2,
  /** (call, head): a streamed answer begins. */
  answerStart: 3,
  /** (call, bytes or text) -> true while the caller keeps up */
  answerChunk: 4,
  /** (call) */
  answerEnd: 5,
  /** (call, code, message, stack, request id) */
  failed: 6,
  /** (request id or undefined, level, message) */
  log: 7,
  /** (timer, delay in ms, call that it belongs to) */
  timerSet: 8,
  timerClear: 9,
  /** (ticket, call, operation, collection, arguments as one BSON document): answered by `dataDone` or `dataFailed` with the ticket. */
  data: 10,
  /** (byte count) -> that many random bytes, one character each */
  random: 11,
  /** (url, base or undefined) -> the parts of the URL, or undefined when it is none */
  parseUrl: 12,
  /** (href, part, value) -> the parts of the changed URL */
  changeUrl: 13,
  /** () -> milliseconds since the worker started */
  now: 14,
  /** (file ending) -> its media type. The tables of this and the next would weigh on every context if they were inside. */
  mediaType: 15,
  /** (status) -> its text */
  statusText: 16,
} as const

/** What the host tells the guest: `resume(code, number, payload)`. */
export const resumeCodes = { timer: 1, dataDone: 2, dataFailed: 3, drained: 4 } as const

/** What the host asks of a context beside running calls: `control(code, ...)`. */
export const controlCodes = {
  /** (facts as JSON): who this context belongs to. Before the author's code runs. */
  prepare: 1,
  /** () -> undefined when the module can serve, else a GuestFailure as JSON. */
  finishLoad: 2,
  /** (call) -> the text answer of that call when its entry's value was lost, see `EntryFailure`. */
  takeAnswer: 3,
  /** () -> number of calls whose handler has not settled. */
  countUnsettled: 4,
} as const

/** Where a caught error of the author's top level waits for `finishLoad`. */
export const loadCaughtName = '__imprunCaught'
/** The guest's one global function in a blank context; it removes itself when it has run. */
export const startName = '__imprunStart'
/** Stack frames of the guest's own code carry this name and are not shown to authors. */
export const guestScriptName = 'imprun:guest'

export interface ContextFacts {
  gatewayId: string
  environment: string
  functionName: string
  version: string
}
export interface GuestFailure {
  code: 'CODE_WITHOUT_DEFAULT_EXPORT' | 'CODE_THROWS_AT_LOAD'
  message: string
  stack: string
}

/** A result up to this size crosses as a string of one character per byte, a larger one as a transferred buffer: each is the faster one on its side. */
export const stringPayloadBytesMax = 8192

/** Whether a body of this media type is text: decoded as UTF-8 by the host; any other crosses as one character per byte. */
export function isTextual(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  return /^\s*(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/(?:x-www-form-urlencoded|javascript|graphql))/i.test(contentType)
}
