import http from 'node:http'

export interface LoadResult {
  requests: number
  failed: number
  /** What went wrong, with how often; for people. */
  reasons: Map<string, number>
  latenciesMs: number[]
}

export interface SteadyLoad {
  /** Ends the load and waits for the requests in flight. */
  stop(): Promise<LoadResult>
}

/**
 * Keeps `connections` requests in flight, one after another on each, with a pause between them.
 * @param judge returns undefined when the answer is right, else the reason why it counts as failed; `sentAtMs` is performance.now() at sending.
 */
export function startSteadyLoad(
  url: URL,
  options: { connections: number; pauseMs: number; body: string; headers: Record<string, string> },
  judge: (status: number, text: string, sentAtMs: number) => string | undefined,
): SteadyLoad {
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.connections })
  const result: LoadResult = { requests: 0, failed: 0, reasons: new Map(), latenciesMs: [] }
  let isStopping = false
  const count = (reason: string | undefined): void => {
    if (reason === undefined) return
    result.failed++
    result.reasons.set(reason, (result.reasons.get(reason) ?? 0) + 1)
  }
  const once = (): Promise<void> =>
    new Promise((done) => {
      const sentAtMs = performance.now()
      const finish = (reason: string | undefined): void => {
        result.requests++
        result.latenciesMs.push(performance.now() - sentAtMs)
        count(reason)
        done()
      }
      const request = http.request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', ...options.headers } }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => finish(judge(response.statusCode ?? 0, text, sentAtMs)))
        response.on('error', (error) => finish(error.message))
      })
      request.on('error', (error) => finish(error.message))
      request.end(options.body)
    })
  const runner = async (): Promise<void> => {
    while (!isStopping) {
      await once()
      if (options.pauseMs > 0) await new Promise((next) => setTimeout(next, options.pauseMs))
    }
  }
  const runners = Array.from({ length: options.connections }, runner)
  return {
    async stop() {
      isStopping = true
      await Promise.all(runners)
      agent.destroy()
      return result
    },
  }
}
