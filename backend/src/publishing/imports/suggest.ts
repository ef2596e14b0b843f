/** @returns the candidate that was probably meant: the fewest edits away, and at most a third of the length. */
export function suggest(wanted: string, candidates: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined
  for (const name of candidates) {
    const isEnding = name.endsWith(`/${wanted}`) || wanted.endsWith(`/${name}`) || name.split('/').at(-1) === wanted.split('/').at(-1)
    const distance = isEnding ? 1 : editDistance(wanted.toLowerCase(), name.toLowerCase())
    if (distance <= Math.max(2, Math.floor(wanted.length / 3)) && (!best || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
