import type { Environment } from '../environment.ts'
import { toAnswerHead } from '../http/answer-head.ts'
import type { EdgeReply } from '../http/exchange/exchange.ts'
import { sendProblem } from '../http/problems.ts'
import type { Runs } from './runs.ts'

const head = toAnswerHead(200, ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-store'])

/** Runs what the ticket stands for and tells how it went. The caller's hanging up ends the run. */
export function answerRun(runs: Runs, environment: Environment, ticket: string, reply: EdgeReply, requestId: string): void {
  const run = runs.start(environment, ticket)
  reply.listener = { onGone: () => run.abandon(), onDrained: () => {} }
  void run.answer.then((answer) => {
    if ('refused' in answer) sendProblem(reply, answer.refused, requestId)
    else reply.sendWhole(head, requestId, Buffer.from(JSON.stringify(answer), 'utf8').toString('latin1'))
  })
}
