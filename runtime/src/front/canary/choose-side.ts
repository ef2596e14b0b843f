import type { FunctionEntry } from '../environment.ts'
import type { Canary } from './canary.ts'

/** Finer than a percent, so that the share of a few callers is not rounded away. */
const bucketCount = 10_000
const bucketsPerPercent = bucketCount / 100

/**
 * Where a caller stands in one canary. Always the same for the same caller, so whoever gets the candidate keeps it while the percentage grows; and another
 * place in the next canary, so that it is not always the same callers who meet what is new.
 */
export function bucketOf(deploymentId: string, caller: string): number {
  return mix(hash(caller, hash(deploymentId, offsetBasis))) % bucketCount
}

/** @param caller whatever tells callers apart, see `callerOf` */
export function chooseSide(stable: FunctionEntry, { deploymentId, entry, percent }: Canary, caller: string): FunctionEntry {
  return bucketOf(deploymentId, caller) < percent * bucketsPerPercent ? entry : stable
}

/** A caller with a key is known by it; any other by what it says and where it comes from. */
export const callerOf = (credentialId: string | undefined, ip: string, headerLines: string): string => credentialId ?? `${ip}\n${readUserAgent(headerLines)}`

const userAgentPattern = /\nuser-agent\n([^\n]*)/i
const readUserAgent = (headerLines: string): string => userAgentPattern.exec(headerLines)?.[1] ?? ''

// FNV-1a, and the last step of MurmurHash3 behind it: ids that differ in one character are then far apart in all bits.
const offsetBasis = 0x811c9dc5
function hash(text: string, from: number): number {
  let value = from
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value
}
function mix(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
