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
  /** (request id or undefined, level, message, call or undefined) */
  log: 7,
  /** (timer, delay in ms, call that it belongs to) */
  timerSet: 8,
  timerClear: 9,
  /**
   * (ticket, call, one BSON document: operation, collection and its arguments): answered by `dataDone` (BSON) or `dataFailed` (one BSON document) with the
   * ticket. Small BSON is a string of one character per byte, on either way.
   */
  data: 10,
  /** (byte count) -> that many random bytes, one character each */
  random: 11,
  /** (url, base or undefined) -> the parts of the URL, or undefined when it is none */
  parseUrl: 12,
  /** (href, part, value) -> the parts of the changed URL */
  changeUrl: 13,
  /** () -> milliseconds since the worker started */
  now: 14,
  /** (status) -> its text */
  statusText: 16,
  /** (name of an `expressTools`, its arguments as JSON) -> { value } or { error } as JSON */
  expressTool: 17,
  /** (text or bytes) -> the weak ETag of that body */
  etag: 18,
  /** (fetch, call, head lines: method, redirect mode, URL, then header name and value in turns; body, or true when it comes by `fetchPush`) */
  fetchStart: 20,
  /** (fetch): what was sent of the body has been read, so more may come as `fetchPiece`, then `fetchEnd`. */
  fetchRead: 21,
  /** (fetch, bytes or text) -> false when the other side does not keep up; then `fetchDrained` follows */
  fetchPush: 22,
  /** (fetch): the body is complete. */
  fetchPushEnd: 23,
  /** (fetch) */
  fetchAbort: 24,
  /** (ticket, call, function name, request id, time limit in ms or 0, header lines, body): answered by `invokeAnswered` or `invokeFailed` with the ticket. */
  invoke: 30,
  /** (work, call, request id): a promise that the function's version must not go away for. */
  workBegins: 31,
  /** (work) */
  workEnds: 32,
  /** (call, header lines or '' when unchanged, Carry as JSON): the middleware lets the call go on. Answered by `nextAnswered` with the call. */
  next: 33,
  /** (ticket, call, SubtleWork as JSON, bytes): answered by `subtleDone` or `subtleFailed` with the ticket. */
  subtle: 40,
} as const

/** What the host tells the guest: `resume(code, number, payload)`. Small results of `data` for one call may come several at once, three values each. */
export const resumeCodes = {
  timer: 1,
  dataDone: 2,
  dataFailed: 3,
  drained: 4,
  /** (fetch, FetchAnswer as JSON): the answer's head is here. The first pieces follow without being asked for, so that a short body takes no second way. */
  fetchHead: 10,
  /** (fetch, bytes) */
  fetchPiece: 11,
  /** (fetch) */
  fetchEnd: 12,
  /** (fetch, FetchFailure as JSON): at any moment before `fetchEnd`. */
  fetchFailed: 13,
  /** (fetch) */
  fetchDrained: 14,
  /** (ticket, AnswerHead lines + "\n\n" + body; one character a byte where it is not text) */
  invokeAnswered: 20,
  /** (ticket, InvokeFailure as JSON) */
  invokeFailed: 21,
  /** (call, status): the answer has left, and what the middleware does from here on is its own business. */
  nextAnswered: 23,
  /** (call, 'caller' or 'deadline'): nobody waits for the call any more, because the caller went away or its time is up. */
  aborted: 30,
  /** (ticket, bytes or JSON) */
  subtleDone: 31,
  /** (ticket, { name, message } as JSON) */
  subtleFailed: 32,
} as const

/** What the host asks of a context beside running calls: `control(code, ...)`. */
export const controlCodes = {
  /** (ContextFacts, EntryLimits and CodeFacts as JSON): who this context belongs to. Before the author's code runs. */
  prepare: 1,
  /** () -> undefined when the module can serve, else a GuestFailure as JSON. */
  finishLoad: 2,
  /** (call) -> the text answer of that call when its entry's value was lost, see `EntryFailure`. */
  takeAnswer: 3,
  /** () -> number of calls whose handler has not settled. */
  countUnsettled: 4,
  /** (all variables by name, as JSON): what `imp.env` shows from here on. */
  setVariables: 15,
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
  isMiddleware: boolean
}
/** What the host sees of the code before it runs. */
export interface CodeFacts {
  /** It will probably use the database. If it does without having been seen to, the way there is made when it asks for it. */
  mentionsData: boolean
}
/** How long entries may last by the clock, see the guest's host.ts. */
export interface EntryLimits {
  loadMsMax: number
  entryMsMax: number
  /** Of them, in calls of the host. */
  hostMsMax: number
}
/** Bytes inside an algorithm are { bytes: base64 }. */
export type SubtleAlgorithm = { name: string } & Record<string, unknown>
export interface SubtleKey {
  format: string
  /** base64, or a JWK's text. */
  data: string
  algorithm: SubtleAlgorithm
  usages: string[]
}
/** A piece of work for crypto.subtle, with the key that it needs. Another party's key inside an algorithm is a SubtleKey. */
export interface SubtleWork {
  operation: string
  algorithm: SubtleAlgorithm
  key?: SubtleKey
  signature?: string
  /** null: as many bits as there are. */
  length?: number | null
  /** Of the key that is made. */
  keyAlgorithm?: SubtleAlgorithm
  usages?: string[]
  isExtractable?: boolean
  format?: string
  wrapped?: SubtleKey
}
export interface GuestFailure {
  code: 'CODE_WITHOUT_DEFAULT_EXPORT' | 'CODE_THROWS_AT_LOAD'
  message: string
  stack: string
}

/** Fetches of one function version that may be under way. Both sides count: the guest so that a flood costs its author's time alone. */
export const fetchesMax = 100

/** The head of the answer to a `fetch`. */
export interface FetchAnswer {
  status: number
  statusText: string
  url: string
  isRedirected: boolean
  /** Name in lower case and value. */
  headers: [string, string][]
  hasBody: boolean
}
/** What a function is told of a fetch that failed. */
export interface FetchFailure {
  code: 'EGRESS_REFUSED' | 'EGRESS_LIMIT' | 'EGRESS_TIMED_OUT' | 'EGRESS_FAILED'
  message: string
  /** Which rule refused. */
  rule?: string
  /** The system's or the TLS library's own code, such as ECONNREFUSED. */
  reason?: string
}
export interface InvokeFailure {
  code: string
  message: string
  status: number
}
/** What a middleware hands on: what it has set of the answer, and `req.locals`. */
export interface Carry {
  status: number
  headers: Record<string, string | string[]>
  locals: Record<string, unknown>
}
/** A result up to this size crosses as a string of one character per byte, a larger one as a transferred buffer: each is the faster one on its side. */
export const stringPayloadBytesMax = 8192

/** Whether a body of this media type is text: decoded as UTF-8 by the host; any other crosses as one character per byte. */
export function isTextual(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  return /^\s*(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/(?:x-www-form-urlencoded|javascript|graphql))/i.test(contentType)
}
