import { hostCalls } from '../../bridge.ts'
import { currentRequest, enterRequest } from '../current-request.ts'
import { describeFailure } from '../failure.ts'
import { callHost } from '../host.ts'
import { log } from '../log.ts'

const openMax = 100
let open = 0
let lastWork = 0

// Taken before any author's code runs, so that a changed prototype does not change what follows.
const toPromise = Promise.resolve.bind(Promise)
const afterwards = Function.prototype.call.bind(Promise.prototype.then) as (
  promise: Promise<unknown>,
  done: () => void,
  failed: (error: unknown) => void,
) => Promise<unknown>

/** `imp.waitUntil`: the function's version stays until the promise settles, at most its time limit after the answer. @throws RangeError when too many wait */
export function waitUntil(promise: unknown): void {
  if (open >= openMax) throw new RangeError(`At most ${openMax} promises of a function may be waited for by imp.waitUntil at the same time.`)
  open++
  const request = currentRequest()
  keepAlive(toPromise(promise), (error) => {
    open--
    if (error === undefined) return
    // The promise may settle in an entry of somebody else's request.
    const before = currentRequest()
    enterRequest(request)
    const { message, stack } = describeFailure(error.thrown)
    log('error', [`Failed in imp.waitUntil: ${stack || message}`])
    enterRequest(before)
  })
}

/** The same without a count and without a word about failure, for the guest itself. */
export function keepAlive(promise: Promise<unknown>, onSettled: (error: { thrown: unknown } | undefined) => void): void {
  const work = ++lastWork
  const request = currentRequest()
  const end = (error: { thrown: unknown } | undefined): void => {
    callHost(hostCalls.workEnds, work)
    onSettled(error)
  }
  callHost(hostCalls.workBegins, work, request?.call ?? -1, request?.id ?? '')
  afterwards(
    promise,
    () => end(undefined),
    (thrown) => end({ thrown }),
  )
}
