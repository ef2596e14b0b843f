import { readFileSync } from 'node:fs'

export interface ProcessUsage {
  /** Processor time used since the process began. */
  cpuMs: number
  rssBytes: number
}

/** What the system says of another process; undefined where it says nothing (only Linux does), or when the process is gone. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name before it stands in brackets and may hold anything, brackets too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { cpuMs: (Number(fields[userTicksAt]) + Number(fields[systemTicksAt])) * msPerTick, rssBytes: Number(fields[residentPagesAt]) * pageBytes() }
  } catch {
    return undefined
  }
}

// Places behind the name, see proc(5). Linux counts these ticks in hundredths of a second for every reader, whatever it does inside.
const userTicksAt = 11
const systemTicksAt = 12
const residentPagesAt = 21
const msPerTick = 10

let pageBytesKnown: number | undefined
/** Found out from what the system says of this process in both units: pages are not 4 KiB everywhere. */
function pageBytes(): number {
  if (pageBytesKnown === undefined) {
    const pages = Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1])
    pageBytesKnown = 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages))
  }
  return pageBytesKnown
}
