import { randomFillSync } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { lookup } from 'mrmime'
import type { LogMessage } from '../frames/frames.ts'
import { hostCalls } from '../sandbox/bridge.ts'
import type { FunctionVersion } from './function-version.ts'
import type { HostFunction } from './sandbox/engine.ts'
import { changeUrl, parseUrl } from './sandbox/url-calls.ts'

const textCharsMax = 16_384
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

type Handler = (version: FunctionVersion, values: readonly unknown[]) => string | number | boolean | undefined

const handlers: Partial<Record<number, Handler>> = {
  [hostCalls.answer](version, [number, text]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof text === 'string') version.answer(call, text)
    return undefined
  },
  [hostCalls.answerBytes](version, [number, head, bytes]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof head === 'string' && bytes instanceof Uint8Array) version.answerBytes(call, head, bytes)
    return undefined
  },
  [hostCalls.answerStart](version, [number, head]) {
    const call = version.find(number)
    if (call !== undefined && !call.isStreaming && typeof head === 'string') version.answerStart(call, head)
    return undefined
  },
  [hostCalls.answerChunk](version, [number, chunk]) {
    const call = version.find(number)
    if (call === undefined || !call.isStreaming || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return true
    return version.answerChunk(call, chunk)
  },
  [hostCalls.answerEnd](version, [number]) {
    const call = version.find(number)
    if (call?.isStreaming) version.answerEnd(call)
    return undefined
  },
  [hostCalls.failed](version, [number, code, message, stack, requestId]) {
    const call = version.find(number)
    if (call === undefined || typeof code !== 'string' || !failureCodes.includes(code)) return undefined
    version.fail(call, code as 'FUNCTION_FAILED', toText(message), toText(stack), toRequestId(requestId))
    return undefined
  },
  [hostCalls.log](version, [requestId, level, message]) {
    if (typeof level === 'string' && levels.includes(level)) version.log(level as LogMessage['level'], toText(message), toRequestId(requestId))
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
  [hostCalls.data](version, [ticket, call, operation, collection, bytes]) {
    if (!isCount(ticket, Number.MAX_SAFE_INTEGER) || typeof operation !== 'string' || typeof collection !== 'string' || !(bytes instanceof Uint8Array))
      return undefined
    version.startData(ticket, call, operation, collection, bytes)
    return undefined
  },
  [hostCalls.random](_version, [count]) {
    return isCount(count, randomBytesMax) ? randomFillSync(Buffer.allocUnsafe(count)).toString('latin1') : undefined
  },
  [hostCalls.parseUrl]: (_version, [url, base]) => parseUrl(url, base),
  [hostCalls.changeUrl]: (_version, [href, part, value]) => changeUrl(href, part, value),
  [hostCalls.now]: () => performance.now(),
  [hostCalls.mediaType]: (_version, [ending]) => lookup(toText(ending)),
  [hostCalls.statusText]: (_version, [status]) => (typeof status === 'number' ? STATUS_CODES[status] : undefined),
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}
function toText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textCharsMax) : ''
}
function toRequestId(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 200) : undefined
}
