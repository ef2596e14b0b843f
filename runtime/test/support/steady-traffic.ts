import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TrafficReport {
  answers: number
  /** What was not 200, with its body. */
  failures: string[]
  /** The longest that anybody waited for an answer. */
  stallMs: number
}

const connections = 2
const everyMs = 15

/** A few callers who ask again a little after each answer, until `stop()`. */
export function givenSteadyTraffic(url: string): { stop(): Promise<TrafficReport> } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const report: TrafficReport = { answers: 0, failures: [], stallMs: 0 }
  let isStopping = false
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const startedAt = performance.now()
      const end = (failure: string | undefined): void => {
        report.stallMs = Math.max(report.stallMs, performance.now() - startedAt)
        report.answers += 1
        if (failure !== undefined) report.failures.push(failure)
        resolve()
      }
      const sent = request(url, { agent, method: 'POST' }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('close', () => end(response.statusCode === 200 && response.complete ? undefined : `${response.statusCode} ${body}`))
      })
      sent.on('error', (error) => end(error.message))
      sent.end()
    })
  const caller = async (): Promise<void> => {
    while (!isStopping) {
      await once()
      await sleep(everyMs)
    }
  }
  const all = Promise.all(Array.from({ length: connections }, caller))
  return {
    async stop() {
      isStopping = true
      await all
      agent.destroy()
      return report
    },
  }
}
