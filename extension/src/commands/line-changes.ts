// The table below has one cell per pair of lines; beyond this a plain count of unlike lines has to do.
const cellsMax = 4_000_000

/** How many lines came and went, by the longest run of lines that stayed in order. */
export function countChangedLines(before: string, after: string): { added: number; removed: number } {
  const [old, now] = [before.trimEnd() ? before.trimEnd().split('\n') : [], after.trimEnd() ? after.trimEnd().split('\n') : []]
  const kept = old.length * now.length > cellsMax ? countShared(old, now) : longestCommon(old, now)
  return { added: now.length - kept, removed: old.length - kept }
}

function longestCommon(old: readonly string[], now: readonly string[]): number {
  let row = new Uint32Array(now.length + 1)
  for (const line of old) {
    const next = new Uint32Array(now.length + 1)
    for (let i = 1; i <= now.length; i++) next[i] = now[i - 1] === line ? (row[i - 1] ?? 0) + 1 : Math.max(row[i] ?? 0, next[i - 1] ?? 0)
    row = next
  }
  return row[now.length] ?? 0
}

function countShared(old: readonly string[], now: readonly string[]): number {
  const lines = new Set(old)
  return Math.min(old.length, now.filter((line) => lines.has(line)).length)
}
