import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'

const changeWithinMs = 10_000
const pollMs = 20
const listedWithinMs = 3_000
const knownWithinMs = 60_000

/** The box at the top of the window: command palette, picks and questions. */
export class QuickInput {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  get widget(): Locator {
    return this.#page.locator('.quick-input-widget')
  }

  get input(): Locator {
    return this.widget.locator('.quick-input-box input')
  }

  row(label: string | RegExp): Locator {
    return this.widget.locator('.monaco-list-row').filter({ hasText: label })
  }

  /** Chooses the first row with this label. */
  async pick(label: string | RegExp): Promise<void> {
    const row = this.row(label).first()
    await row.waitFor()
    await this.#leave(() => row.click())
  }

  /** Answers a question. */
  async answer(text: string): Promise<void> {
    await this.input.waitFor()
    await this.#leave(async () => {
      await this.input.fill(text)
      await this.input.press('Enter')
    })
  }

  /**
   * The palette lists what was known when it opened, and a window that has just opened does not know its extensions yet: then it is opened again.
   * @param title as in the palette, with its category: `imprun: Sign in`
   */
  async runCommand(title: string): Promise<void> {
    const deadline = performance.now() + knownWithinMs
    while (true) {
      await this.#page.keyboard.press('F1')
      await this.input.waitFor()
      await this.input.fill(`>${title}`)
      const isListed = await this.#isListed(title)
      if (isListed || performance.now() > deadline) return this.pick(title)
      await this.#page.keyboard.press('Escape')
    }
  }

  async #isListed(title: string): Promise<boolean> {
    return this.row(title)
      .first()
      .waitFor({ timeout: listedWithinMs })
      .then(
        () => true,
        () => false,
      )
  }

  /**
   * Acts and waits until what was shown is gone. The box stays for a moment after it was answered, and whoever answers the
   * next question then writes into the old one.
   */
  async #leave(act: () => Promise<void>): Promise<void> {
    const before = await this.#content()
    await act()
    const deadline = performance.now() + changeWithinMs
    while ((await this.#content()) === before) {
      if (performance.now() > deadline) throw new Error(`The quick input still shows:\n${before}`)
      await sleep(pollMs)
    }
  }

  /** @returns an empty text while it is closed */
  async #content(): Promise<string> {
    return (await this.widget.isVisible()) ? await this.widget.innerText() : ''
  }
}
