import { processMemoryMb } from '../../frames/worker-memory.ts'
import { type ProcessUsage, readProcessUsage } from './process-usage.ts'

/** Why a worker must go: it does not answer, it takes more memory than it may, or it uses up its share of a core while nobody called it. */
export type WorkerFault = 'silent' | 'outgrown' | 'spinning'

export interface WatchRules {
  /** Silence of a worker that is busy with something: nothing that is allowed takes so long. */
  hangingMsMax: number
  /** Silence of a worker that gets no processor: the machine may be to blame, so it is given more time. */
  silentMsMax: number
  spinningMsMax: number
}

/** What a worker may use. */
export interface WorkerShares {
  readonly memoryMb: number
  /** Absent: a core. */
  readonly cpuMillicores?: number | undefined
}

const lookEveryMs = { busy: 100, idle: 2_000 } as const
/** Of one core. Less is a machine that is short of cores. */
const hangingShare = 0.5
const spinningShare = 0.9
// A thread inside the worker ends it at the bound itself; this is for the moments in which that thread can not.
const allowanceMb = 64
const bytesPerMb = 1024 * 1024

/** One worker process seen from outside, by what the system says of it. Where the system says nothing only its silence counts. */
export class WorkerWatch {
  readonly #pid: number
  readonly #rssBytesMax: number
  readonly #spinningShare: number
  readonly #read: (pid: number) => ProcessUsage | undefined
  #usage: ProcessUsage | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** When the worker was heard last, and what it had used by then. */
  #heard: { atMs: number; cpuMs: number } | undefined
  /** Since when nobody has called it. */
  #idle: { atMs: number; cpuMs: number } | undefined

  constructor(pid: number, { memoryMb, cpuMillicores = 1000 }: WorkerShares, read: (pid: number) => ProcessUsage | undefined = readProcessUsage) {
    this.#pid = pid
    this.#rssBytesMax = (memoryMb + processMemoryMb + allowanceMb) * bytesPerMb
    this.#spinningShare = spinningShare * Math.min(1, cpuMillicores / 1000)
    this.#read = read
  }

  /** As it was seen last; 0 when nothing is known. */
  get rssBytes(): number {
    return this.#usage?.rssBytes ?? 0
  }

  /** @param silentMs how long it has left a question unanswered @returns why it must go, if it must */
  judge(nowMs: number, silentMs: number, isBusy: boolean, rules: WatchRules): WorkerFault | undefined {
    if (silentMs > rules.silentMsMax) return 'silent'
    const everyMs = isBusy || silentMs > 0 ? lookEveryMs.busy : lookEveryMs.idle
    // Everybody waits for one that is silent for too long.
    if (silentMs <= rules.hangingMsMax && nowMs - this.#lookedAtMs < everyMs) return undefined
    this.#lookedAtMs = nowMs
    this.#usage = this.#read(this.#pid)
    if (this.#usage === undefined) return undefined
    const { cpuMs, rssBytes } = this.#usage
    if (rssBytes > this.#rssBytesMax) return 'outgrown'
    const now = { atMs: nowMs, cpuMs }
    if (silentMs === 0 || this.#heard === undefined) this.#heard = now
    if (silentMs > rules.hangingMsMax && shareOf(this.#heard, now) > hangingShare) return 'silent'
    if (isBusy || this.#idle === undefined || shareOf(this.#idle, now) < this.#spinningShare) this.#idle = isBusy ? undefined : now
    else if (nowMs - this.#idle.atMs > rules.spinningMsMax) return 'spinning'
    return undefined
  }
}

/** Of one core. */
const shareOf = (from: { atMs: number; cpuMs: number }, to: { atMs: number; cpuMs: number }): number =>
  to.atMs > from.atMs ? (to.cpuMs - from.cpuMs) / (to.atMs - from.atMs) : 0
