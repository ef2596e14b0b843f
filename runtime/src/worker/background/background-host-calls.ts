import { hostCalls } from '../../sandbox/bridge.ts'
import { type HostCalls, isCount, toRequestId } from '../host-call.ts'

export const backgroundHostCalls: HostCalls = {
  [hostCalls.workBegins](version, [work, call, requestId]) {
    if (isCount(work, Number.MAX_SAFE_INTEGER)) version.background.begin(work, version.find(call), toRequestId(requestId))
    return undefined
  },
  [hostCalls.workEnds](version, [work]) {
    if (isCount(work, Number.MAX_SAFE_INTEGER)) version.background.end(work)
    return undefined
  },
}
