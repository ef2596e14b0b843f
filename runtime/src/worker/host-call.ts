import type { FunctionVersion } from './function-version.ts'

/** Answers of one kind of host call. The values come from the guest and may be anything. */
export type HostCallHandler = (version: FunctionVersion, values: readonly unknown[]) => string | number | boolean | undefined
/** By code (`hostCalls`): one table per capability, spread into the one that the guest reaches. */
export type HostCalls = Partial<Record<number, HostCallHandler>>

const textCharsMax = 16_384
const headerLinesCharsMax = 64 * 1024

export function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}
export function toText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textCharsMax) : ''
}
export function toRequestId(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 200) : undefined
}
/** Whether these are header names and values in turns, each line begun by a line break, in characters of one byte; '' is none. */
export function areHeaderLines(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > headerLinesCharsMax) return false
  return value === '' || (value.startsWith('\n') && value.split('\n').length % 2 === 1 && /^[\n\t\x20-\x7e\x80-\xff]*$/.test(value))
}
