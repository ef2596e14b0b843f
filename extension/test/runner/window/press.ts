import type { ElementHandle, Locator } from 'playwright-core'

const pressesMax = 4
// VS Code may be at drawing; what stands still for so long may be pressed.
const pressWithinMs = 5_000

/**
 * Presses what VS Code may be about to draw anew. A press that falls between two drawings begins on a button that is gone when it ends, and meets nothing:
 * it is repeated, as a person would, and only then.
 * @param approach what brings the button in sight
 */
export async function press(button: Locator, approach: () => Promise<void> = async () => {}): Promise<void> {
  for (let presses = 1; ; presses++) {
    await approach()
    const element = await button.elementHandle()
    if (element && (await isMet(element, presses === pressesMax))) return
    if (presses === pressesMax) throw new Error(`${button} was pressed ${presses} times and never met.`)
  }
}

async function isMet(element: ElementHandle<HTMLElement | SVGElement>, isLast: boolean): Promise<boolean> {
  const clicks = await element.evaluateHandle((target) => {
    const seen = { count: 0 }
    target.addEventListener('click', () => seen.count++, { capture: true })
    return seen
  })
  try {
    await element.click({ timeout: pressWithinMs })
  } catch (error) {
    if (isLast) throw error
  }
  return (await clicks.evaluate(({ count }) => count)) > 0
}
