import { hostCalls } from '../../sandbox/bridge.ts'
import { areHeaderLines, type HostCalls, isCount, toRequestId } from '../host-call.ts'

const nameCharsMax = 200
const bodyCharsMax = 8 * 1024 * 1024
const timeoutMsMax = 300_000

export const invokeHostCalls: HostCalls = {
  [hostCalls.invoke](version, [ticket, call, functionName, requestId, timeoutMs, headerLines, body]) {
    if (!isCount(ticket, Number.MAX_SAFE_INTEGER) || typeof body !== 'string' || !areHeaderLines(headerLines)) return undefined
    if (typeof functionName !== 'string' || functionName.length > nameCharsMax || functionName.includes('\n')) return undefined
    const id = toRequestId(requestId) ?? ''
    if (id.includes('\n') || body.length > bodyCharsMax) return undefined
    version.invoke(ticket, call, { functionName, requestId: id, timeoutMs: isCount(timeoutMs, timeoutMsMax) ? timeoutMs : 0, headerLines, body })
    return undefined
  },
}
