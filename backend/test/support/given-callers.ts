import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CallerAnswer {
  caller: number
  status: number
  body: string
  atMs: number
}

export interface GivenCallers {
  /** Everything that was answered so far, oldest first. */
  readonly answers: readonly CallerAnswer[]
  /** What never got an answer. */
  readonly errors: readonly Error[]
  /** Settles when the calls under way have ended; with a number of rounds, when all of them are made. */
  stop(): Promise<void>
  /** Gives up what is under way. */
  hangUp(): Promise<void>
}

/** So many callers, told apart by their programs' names, who each ask again a little after the answer, until `stop()` or for so many rounds. */
export function givenCallers(url: () => string, { count = 40, everyMs = 150, rounds = Number.POSITIVE_INFINITY } = {}): GivenCallers {
  const agent = new Agent({ keepAlive: true })
  const answers: CallerAnswer[] = []
  const errors: Error[] = []
  let isStopping = false
  const ask = (caller: number): Promise<void> =>
    new Promise((resolve) => {
      const sent = request(url(), { agent, headers: { 'user-agent': `caller ${caller}` } }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => {
          answers.push({ caller, status: response.statusCode ?? 0, body, atMs: performance.now() })
          resolve()
        })
      })
      sent.on('error', (error) => {
        errors.push(error)
        resolve()
      })
      sent.end()
    })
  const goOn = async (caller: number): Promise<void> => {
    await sleep((caller / count) * everyMs)
    for (let round = 0; round < rounds && !isStopping; round += 1) {
      if (round > 0) await sleep(everyMs)
      await ask(caller)
    }
  }
  const all = Promise.all(Array.from({ length: count }, (_, caller) => goOn(caller)))
  return {
    answers,
    errors,
    async stop() {
      isStopping = !Number.isFinite(rounds)
      await all
      agent.destroy()
    },
    async hangUp() {
      isStopping = true
      agent.destroy()
      await all
    },
  }
}
