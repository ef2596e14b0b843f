import * as z from 'zod'
import { hostCalls, resumeCodes } from '../../sandbox/bridge.ts'
import type { FunctionVersion } from '../function-version.ts'
import { type HostCalls, isCount } from '../host-call.ts'
import { runSubtle } from './subtle-operations.ts'
import { describeRefusal, isHeavy, subtleWorkSchema } from './subtle-work.ts'
import { Turns } from './turns.ts'

const workCharsMax = 64 * 1024
const dataBytesMax = 32 * 1024 * 1024
/** Of one version, in the threads that all of the process shares. */
const runningMax = 32
const running = new WeakMap<FunctionVersion, number>()
/** Of the process's four threads, which also look addresses up for `fetch` and unpack its answers: half of them stay free for what takes no time. */
const heavyWork = new Turns(2)

/** Keys come with each piece of work and are forgotten with it. The work itself runs in the process's threads, beside the functions. */
async function run(json: string, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array | string> {
  const work = subtleWorkSchema.parse(JSON.parse(json))
  return isHeavy(work) ? heavyWork.run(() => runSubtle(work, data)) : runSubtle(work, data)
}

function toFailure(error: unknown): string {
  if (error instanceof z.ZodError) return JSON.stringify({ name: 'NotSupportedError', message: describeRefusal(error) })
  if (error instanceof SyntaxError) return JSON.stringify({ name: 'DataError', message: 'The key is no JSON.' })
  const { name, message } = error as Error
  return JSON.stringify({ name, message })
}

export const cryptoHostCalls: HostCalls = {
  [hostCalls.subtle](version, [ticket, call, json, data]) {
    if (!isCount(ticket, Number.MAX_SAFE_INTEGER) || typeof json !== 'string' || json.length > workCharsMax) return undefined
    const bytes = typeof data === 'string' ? new Uint8Array(Buffer.from(data, 'latin1')) : data instanceof Uint8Array ? new Uint8Array(data) : undefined
    const resume = version.resumeLater(call)
    const count = running.get(version) ?? 0
    if (bytes === undefined || bytes.length > dataBytesMax || count >= runningMax) {
      const refusal = { name: 'OperationError', message: `At most ${runningMax} operations of at most ${dataBytesMax} bytes may run at the same time.` }
      setImmediate(() => resume(resumeCodes.subtleFailed, ticket, JSON.stringify(refusal)))
      return undefined
    }
    running.set(version, count + 1)
    run(json, bytes)
      .then(
        (result) => () => resume(resumeCodes.subtleDone, ticket, result),
        (error) => () => resume(resumeCodes.subtleFailed, ticket, toFailure(error)),
      )
      .then((settle) => {
        running.set(version, (running.get(version) ?? 1) - 1)
        settle()
      })
    return undefined
  },
}
