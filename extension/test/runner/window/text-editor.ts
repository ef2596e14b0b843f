import type { Locator, Page } from 'playwright-core'
import { press } from './press.ts'

/** The text editors of the window. */
export class TextEditors {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  tab(name: string | RegExp): Locator {
    return this.#page.getByRole('tab', { name })
  }

  /** The text as shown, of the editor that has the focus or did last. Lines out of sight are not in it. */
  get active(): Locator {
    return this.#page
      .locator('.editor-group-container.active .monaco-editor[role="code"], .editor-group-container.active .editor-instance .monaco-editor')
      .first()
  }

  codeLens(text: string | RegExp): Locator {
    return this.#page.locator('.codelens-decoration').filter({ hasText: text })
  }

  /** @param label of the command, as it stands over the function */
  async pressCodeLens(label: string): Promise<void> {
    await press(this.codeLens(label).getByText(label, { exact: true }))
  }

  /** Both sides of the diff that is open. */
  get diff(): Locator {
    return this.#page.locator('.monaco-diff-editor')
  }

  /** Puts other text into the active editor, by the clipboard: typing would be completed and indented. */
  async replaceAll(text: string): Promise<void> {
    await this.active.locator('.view-lines').click()
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`)
    await this.#page.keyboard.press('ControlOrMeta+A')
    await this.#page.keyboard.press('ControlOrMeta+V')
  }

  async save(): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+S')
  }
}
