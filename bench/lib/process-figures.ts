import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const isLinux = process.platform === 'linux'
const bytesPerMb = 1024 * 1024
const ticksPerSecond = isLinux ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 100

/** Resident memory of a process, in MiB; NaN where the system does not tell. */
export function rssMb(pid: number): number {
  if (!isLinux) return Number.NaN
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kb) * 1024) / bytesPerMb
}

/** Processor time that a process has used, in seconds; NaN where the system does not tell. */
export function cpuSeconds(pid: number): number {
  if (!isLinux) return Number.NaN
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
