import type { Locator, Page } from 'playwright-core'

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
    await this.row(label).first().click()
  }

  /** Answers a question. */
  async answer(text: string): Promise<void> {
    await this.input.waitFor()
    await this.input.fill(text)
    await this.#page.keyboard.press('Enter')
  }

  /** @param title as in the palette, with its category: `imprun: Sign in` */
  async runCommand(title: string): Promise<void> {
    await this.#page.keyboard.press('F1')
    await this.input.waitFor()
    await this.input.fill(`>${title}`)
    await this.row(title).first().click()
  }
}
