/** A figure that a bench measured, printed as one JSON line. A figure without a target is told for its own sake. */
export interface Figure {
  figure: string
  value: number
  unit: string
  /** Kept when value <= `atMost` or value >= `atLeast`. */
  target?: { atMost: number } | { atLeast: number }
}

/** False for NaN as well: a figure that was not measured is not met. */
function isMet({ value, target }: Figure): boolean {
  if (target === undefined) return Number.isFinite(value)
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
const targetText = (target: Figure['target']): string | null =>
  target === undefined ? null : 'atMost' in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`

/** Prints every figure as `{"bench":..,"figure":..,"value":..,"unit":..,"target":..}` and returns the exit code: 1 when a target is missed. */
export function report(bench: string, figures: readonly Figure[]): number {
  const missed = figures.filter((figure) => !isMet(figure))
  for (const { figure, value, unit, target } of figures) {
    console.log(JSON.stringify({ bench, figure, value: Math.round(value * 1000) / 1000, unit, target: targetText(target) }))
  }
  for (const figure of missed) console.error(`missed: ${figure.figure} is ${figure.value} ${figure.unit}, wanted ${targetText(figure.target)}`)
  return missed.length === 0 ? 0 : 1
}

/** @param share 0..1; @throws RangeError when there are no samples, so that an empty measurement can not pass. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('There are no samples.')
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
}
export const median = (samples: readonly number[]): number => percentile(samples, 0.5)
