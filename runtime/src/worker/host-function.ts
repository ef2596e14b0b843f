import { randomFillSync } from 'node:crypto'
import type { LogMessage } from '../frames/frames.ts'
import { hostCalls } from '../sandbox/bridge.ts'
import { backgroundHostCalls } from './background/background-host-calls.ts'
import { cryptoHostCalls } from './crypto/crypto-host-calls.ts'
import { dataHostCalls } from './data/data-host-calls.ts'
import { fetchHostCalls } from './egress/fetch-host-calls.ts'
import type { FunctionVersion } from './function-version.ts'
import { type HostCalls, isCount, toRequestId, toText } from './host-call.ts'
import { httpHostCalls } from './http/http-host-calls.ts'
import { invokeHostCalls } from './invoke/invoke-host-calls.ts'
import { middlewareHostCalls } from './middleware/middleware-host-calls.ts'
import type { HostFunction } from './sandbox/engine.ts'
import { changeUrl, parseUrl } from './sandbox/url-calls.ts'

// Not by an import, for which Node makes everything that the module exports, a WebSocket with it (measured: 40 ms of a worker's start).
const { STATUS_CODES } = process.getBuiltinModule('node:http')
const delayMsMax = 2 ** 31 - 1
const randomBytesMax = 65_536
const levels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies LogMessage['level'][]
const failureCodes: readonly string[] = ['FUNCTION_FAILED', 'FUNCTION_ANSWER_INVALID']

/**
 * What the guest reaches of this process. Every value is checked: the guest's own code would pass the right ones, but an author may have found a way to
 * call this directly. It never throws, because an exception would show the host's stack to the guest.
 */
export function createHostFunction(version: FunctionVersion): HostFunction {
  return (code, ...values) => {
    try {
      const handler = handlers[code]
      return handler?.(version, values)
    } catch {
      return undefined
    }
  }
}

const handlers: HostCalls = {
  [hostCalls.answer](version, [number, text]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof text === 'string') version.answers.whole(call, text)
    return undefined
  },
  [hostCalls.answerBytes](version, [number, head, bytes]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof head === 'string' && bytes instanceof Uint8Array) version.answers.wholeBytes(call, head, bytes)
    return undefined
  },
  [hostCalls.answerStart](version, [number, head]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof head === 'string') version.answers.start(call, head)
    return undefined
  },
  [hostCalls.answerChunk](version, [number, chunk]) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return false
    const call = version.find(number)
    if (call === undefined) return isCount(number, Number.MAX_SAFE_INTEGER) && version.answers.chunkForNobody(number, chunk)
    return call.isStreaming && version.answers.chunk(call, chunk)
  },
  [hostCalls.answerEnd](version, [number]) {
    const call = version.find(number)
    if (call?.isStreaming) version.answers.end(call)
    return undefined
  },
  [hostCalls.failed](version, [number, code, message, stack, requestId]) {
    const call = version.find(number)
    if (call === undefined || typeof code !== 'string' || !failureCodes.includes(code)) return undefined
    version.failures.fail(call, { code: code as 'FUNCTION_FAILED', message: toText(message), stack: toText(stack), requestId: toRequestId(requestId) })
    return undefined
  },
  [hostCalls.log](version, [requestId, level, message, call]) {
    if (typeof level === 'string' && levels.includes(level))
      version.log(level as LogMessage['level'], toText(message), toRequestId(requestId), version.find(call))
    return undefined
  },
  [hostCalls.timerSet](version, [timer, delayMs, call]) {
    if (isCount(timer, Number.MAX_SAFE_INTEGER) && isCount(delayMs, delayMsMax)) version.setTimer(timer, Math.max(1, delayMs), call)
    return undefined
  },
  [hostCalls.timerClear](version, [timer]) {
    if (isCount(timer, Number.MAX_SAFE_INTEGER)) version.clearTimer(timer)
    return undefined
  },
  [hostCalls.random](_version, [count]) {
    return isCount(count, randomBytesMax) ? randomFillSync(Buffer.allocUnsafe(count)).toString('latin1') : undefined
  },
  ...backgroundHostCalls,
  ...dataHostCalls,
  ...cryptoHostCalls,
  ...fetchHostCalls,
  ...httpHostCalls,
  ...invokeHostCalls,
  ...middlewareHostCalls,
  [hostCalls.parseUrl]: (_version, [url, base]) => parseUrl(url, base),
  [hostCalls.changeUrl]: (_version, [href, part, value]) => changeUrl(href, part, value),
  [hostCalls.now]: () => performance.now(),
  [hostCalls.statusText]: (_version, [status]) => (typeof status === 'number' ? STATUS_CODES[status] : undefined),
}
