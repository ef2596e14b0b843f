import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Runner } from 'mocha'

/**
 * Notes after each outermost suite what is open then and was not before, so that what is still open at the end can be
 * looked for there: handles of this process (ProcessWrap, TCPServerWrap, Timeout, ...) and our temporary files.
 * @returns lines for what is still open when asked
 */
export function noteOpenThings(runner: Runner): () => string[] {
  const firstSeen = new Map<string, string>()
  runner.on('suite end', ({ parent, title }) => {
    if (!parent?.root) return
    const open = openThings()
    for (const thing of firstSeen.keys()) if (!open.has(thing)) firstSeen.delete(thing)
    for (const thing of open) if (!firstSeen.has(thing)) firstSeen.set(thing, title)
  })
  return () => [...openThings()].map((thing) => `${thing}, since "${firstSeen.get(thing) ?? 'the last suite'}"`)
}

/** Handles of one kind are told apart by their number. */
function openThings(): Set<string> {
  const numbers = new Map<string, number>()
  const handles = process.getActiveResourcesInfo().map((kind) => {
    const number = (numbers.get(kind) ?? 0) + 1
    numbers.set(kind, number)
    return `${kind} ${number}`
  })
  return new Set([...handles, ...readdirSync(tmpdir()).filter((name) => name.startsWith('imprun'))])
}
