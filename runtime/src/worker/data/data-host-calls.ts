import { hostCalls, resumeCodes } from '../../sandbox/bridge.ts'
import { type HostCalls, isCount } from '../host-call.ts'
import { describeDataError } from './data-error.ts'
import { toPayload } from './payload.ts'

/** What a function may send at once; MongoDB takes no more. */
const payloadBytesMax = 48_000_000

export const dataHostCalls: HostCalls = {
  [hostCalls.data](version, [ticket, call, payload]) {
    const isPayload = (typeof payload === 'string' || payload instanceof Uint8Array) && payload.length <= payloadBytesMax
    if (!isCount(ticket, Number.MAX_SAFE_INTEGER) || !isPayload) return undefined
    const { data } = version
    const take = data.results.expect(call, () => {
      const resume = version.resumeLater(call)
      return ({ code, number, payload: result }, more) => resume(code, number, result, more)
    })
    const open = version.find(call)
    // Work after the answer has the time of a call once more.
    const leftMs = version.limits.timeoutMs - (open === undefined ? 0 : performance.now() - open.startedAtMs)
    version.cross(call)
    data.run({ payload, call, leftMs }).then(
      (result) => take({ code: resumeCodes.dataDone, number: ticket, payload: result }),
      (error) => take({ code: resumeCodes.dataFailed, number: ticket, payload: toPayload(describeDataError(error)) }),
    )
    return undefined
  },
}
