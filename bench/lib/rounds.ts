import { median } from './figures.ts'
import type { GenerateLoad, LoadFigures, LoadTarget } from './load.ts'

export type Rounds = Record<string, LoadFigures[]>

const warmUpSeconds = 2

/**
 * Loads the targets in turns, round after round: what happens to the machine happens to all of them.
 * @param order by name; a noisy minute hits neighbours alike
 */
export async function measureRounds(
  load: GenerateLoad,
  order: Record<string, LoadTarget>,
  { connections, rounds, seconds = 1 }: { connections: number; rounds: number; seconds?: number },
): Promise<Rounds> {
  const results: Rounds = {}
  for (const target of Object.values(order)) await load(target, { connections, seconds: warmUpSeconds })
  for (let round = 0; round < rounds; round++) {
    for (const [name, target] of Object.entries(order)) {
      results[name] ??= []
      results[name].push(await load(target, { connections, seconds }))
    }
  }
  return results
}

/** The median of the rounds' own ratios, not the ratio of medians. */
export function medianRatio(rounds: Rounds, of: string, to: string, pick: (figures: LoadFigures) => number): number {
  return median((rounds[of] ?? []).map((figures, round) => pick(figures) / pick(rounds[to]?.[round] as LoadFigures)))
}
export function medianDifference(rounds: Rounds, of: string, to: string, pick: (figures: LoadFigures) => number): number {
  return median((rounds[of] ?? []).map((figures, round) => pick(figures) - pick(rounds[to]?.[round] as LoadFigures)))
}
export const failedIn = (rounds: Rounds, name: string): number => (rounds[name] ?? []).reduce((sum, { failed }) => sum + failed, 0)
