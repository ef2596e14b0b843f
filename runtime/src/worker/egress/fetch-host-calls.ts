import { hostCalls } from '../../sandbox/bridge.ts'
import type { FetchSession } from './fetch-session.ts'

type Handler = (version: { readonly fetches: FetchSession }, values: readonly unknown[]) => boolean | undefined

/** What the guest's `fetch` asks of the host. Every value is checked, as in all host calls. */
export const fetchHostCalls: Partial<Record<number, Handler>> = {
  [hostCalls.fetchStart](version, [number, call, head, body]) {
    if (!isNumber(number)) return undefined
    version.fetches.start(number, call, head, body === true ? 'stream' : toBytes(body))
    return undefined
  },
  [hostCalls.fetchRead](version, [number]) {
    if (isNumber(number)) version.fetches.read(number)
    return undefined
  },
  [hostCalls.fetchPush](version, [number, piece]) {
    const bytes = toBytes(piece)
    return isNumber(number) && bytes !== undefined ? version.fetches.push(number, bytes) : false
  },
  [hostCalls.fetchPushEnd](version, [number]) {
    if (isNumber(number)) version.fetches.endBody(number)
    return undefined
  },
  [hostCalls.fetchAbort](version, [number]) {
    if (isNumber(number)) version.fetches.abort(number)
    return undefined
  },
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
function toBytes(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : undefined
}
