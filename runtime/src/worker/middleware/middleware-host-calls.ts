import { hostCalls } from '../../sandbox/bridge.ts'
import type { Call } from '../call-table.ts'
import type { FunctionVersion } from '../function-version.ts'
import { areHeaderLines, type HostCalls } from '../host-call.ts'

const carryCharsMax = 1024 * 1024
const headersInvalid = 'A middleware changed req.headers to what can not be headers.'
const carryTooLarge = `What a middleware hands on in req.locals and res is longer than ${carryCharsMax} characters.`

export const middlewareHostCalls: HostCalls = {
  [hostCalls.next](version, [number, headerLines, carry]) {
    const call = version.find(number)
    if (call === undefined || typeof carry !== 'string') return undefined
    if (!areHeaderLines(headerLines)) version.failures.fail(call, { code: 'FUNCTION_FAILED', message: headersInvalid })
    else if (carry.length > carryCharsMax) version.failures.fail(call, { code: 'FUNCTION_FAILED', message: carryTooLarge })
    else if (call.link !== undefined) call.link.next(headerLines, carry)
    else answerAlone(version, call)
    return undefined
  },
}

/** A middleware that is run by itself has nothing behind it. */
function answerAlone(version: FunctionVersion, call: Call<FunctionVersion>): void {
  const { number } = call
  version.answers.whole(call, '204\n\n')
  queueMicrotask(() => version.onNextAnswered(number, 204))
}
