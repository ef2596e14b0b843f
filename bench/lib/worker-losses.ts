import type { ServedTax } from './served-tax.ts'
import { startSteadyLoad } from './steady-load.ts'

export interface Losses {
  failed: number
  /** The longest time without an answer after each incident. */
  gapsMs: number[]
}

const connections = 50
const settleMs = 1_500

/** Keeps fifty connections busy and makes something happen several times; another spare is ready before the next. */
export async function measureLosses({ runtime, target }: ServedTax, times: number, incident: () => Promise<void>): Promise<Losses> {
  const answeredAtMs: number[] = []
  const load = startSteadyLoad(new URL(target.url), { connections, pauseMs: 0, body: target.body, headers: target.headers }, (status, text) => {
    if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`
    answeredAtMs.push(performance.now())
    return undefined
  })
  const gapsMs: number[] = []
  for (let time = 0; time < times; time++) {
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const spares = runtime.events.filter(({ type }) => type === 'spare-ready').length
    const fromMs = performance.now()
    await incident()
    while (runtime.events.filter(({ type }) => type === 'spare-ready').length === spares) await new Promise((resolve) => setTimeout(resolve, 20))
    gapsMs.push(longestGapMs(answeredAtMs, fromMs))
  }
  const { failed, reasons } = await load.stop()
  for (const [reason, count] of reasons) console.error(`${count} requests failed: ${reason}`)
  return { failed, gapsMs }
}

function longestGapMs(answeredAtMs: readonly number[], fromMs: number): number {
  let last = fromMs
  let longest = 0
  for (const atMs of answeredAtMs) {
    if (atMs < fromMs) continue
    longest = Math.max(longest, atMs - last)
    last = atMs
  }
  return longest
}
