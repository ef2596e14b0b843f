import type { Readiness } from '../readiness.ts'
import { toAnswerHead } from './answer-head.ts'
import type { EdgeReply } from './exchange/exchange.ts'

const healthHead = toAnswerHead(200, ['content-type', 'text/plain; charset=utf-8'])
const noStore = ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-store']
const readyHead = toAnswerHead(200, noStore)
const notReadyHead = toAnswerHead(503, noStore)

/** `/healthz`: the process answers. */
export function sendHealth(reply: EdgeReply, requestId: string): void {
  reply.sendWhole(healthHead, requestId, 'ok')
}
/** `/readyz`: 503 once it stops. Being behind is told and does not count as unready: what is known is served better than nothing. */
export function sendReadiness(reply: EdgeReply, requestId: string, readiness: Readiness): void {
  reply.sendWhole(readiness.status === 'ready' ? readyHead : notReadyHead, requestId, JSON.stringify(readiness))
}
