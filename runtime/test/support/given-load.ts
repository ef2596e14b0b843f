import { Agent, request } from 'node:http'

export interface LoadReport {
  answers: number
  /** What was not 200, with its body. */
  failures: string[]
  /** The bodies of the answers, in the order of their arrival. */
  bodies: string[]
}

/** Requests that follow each other on so many connections until `stop()`. */
export function givenLoad(url: string, connections: number): { stop(): Promise<LoadReport>; readonly report: LoadReport } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const report: LoadReport = { answers: 0, failures: [], bodies: [] }
  let isStopping = false
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const sent = request(url, { agent, method: 'POST' }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('close', () => {
          report.answers += 1
          if (response.statusCode !== 200 || !response.complete) report.failures.push(`${response.statusCode} ${body}`)
          else report.bodies.push(body)
          resolve()
        })
      })
      sent.on('error', (error) => {
        report.failures.push(error.message)
        resolve()
      })
      sent.end()
    })
  const connection = async (): Promise<void> => {
    while (!isStopping) await once()
  }
  const all = Promise.all(Array.from({ length: connections }, connection))
  return {
    report,
    async stop() {
      isStopping = true
      await all
      agent.destroy()
      return report
    },
  }
}
