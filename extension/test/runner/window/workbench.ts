import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FrameLocator, Locator, Page } from 'playwright-core'
import { press } from './press.ts'
import { QuickInput } from './quick-input.ts'
import { TextEditors } from './text-editor.ts'

/** The window of VS Code, as its user sees it. Locators wait by themselves, up to the page's default timeout. */
export class Workbench {
  readonly page: Page
  readonly quickInput: QuickInput
  readonly editors: TextEditors

  constructor(page: Page) {
    this.page = page
    this.quickInput = new QuickInput(page)
    this.editors = new TextEditors(page)
  }

  async runCommand(title: string): Promise<void> {
    await this.quickInput.runCommand(title)
  }

  /** Opens a view container by the name of its icon in the activity bar. */
  async openContainer(name: string): Promise<void> {
    const icon = this.page.locator('.activitybar .action-item').filter({ has: this.page.locator(`.action-label[aria-label^="${name}"]`) })
    if ((await icon.first().getAttribute('aria-expanded')) !== 'true' && !(await icon.first().getAttribute('class'))?.includes('checked'))
      await icon.first().click()
  }

  /** A row of any tree that is in sight. Its accessible name begins with the label unless the extension gives another. */
  treeItem(name: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name }).first()
  }

  /** Presses an inline action of a row; VS Code shows them when the pointer is over it. */
  async pressInlineAction(row: Locator, action: string | RegExp): Promise<void> {
    await press(row.getByRole('button', { name: action }).first(), () => row.hover())
  }

  async expand(row: Locator): Promise<void> {
    if ((await row.getAttribute('aria-expanded')) === 'false') await press(row.locator('.monaco-tl-twistie'))
  }

  /** A link or button of a view that has nothing to show yet. */
  welcomeButton(name: string | RegExp): Locator {
    return this.page.locator('.welcome-view-content').getByRole('button', { name })
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text })
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-list-item').filter({ hasText: text })
  }

  /** The modal dialog that is open; its buttons are found by `getByRole('button', { name })`. */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box')
  }

  async answerDialog(button: string | RegExp): Promise<void> {
    await this.dialog.getByRole('button', { name: button }).click()
  }

  /** The side bar as wide as a person would pull it, so that pictures show whole rows. */
  async widenSideBar(byPixels = 110): Promise<void> {
    const sash = this.page.locator('.monaco-sash.vertical:not(.disabled)').first()
    const box = await sash.boundingBox()
    if (!box) return
    await this.page.mouse.move(box.x + 2, box.y + 300)
    await this.page.mouse.down()
    await this.page.mouse.move(box.x + byPixels, box.y + 300, { steps: 8 })
    await this.page.mouse.up()
  }

  async closeEditors(): Promise<void> {
    await this.runCommand('View: Close All Editors')
  }

  /** Opens or closes a view of the container by its title. */
  async toggleView(title: string): Promise<void> {
    await this.page.locator('.pane-header', { hasText: title }).first().click()
  }

  /** The content of the webview that is open: VS Code puts it two frames down. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame')
  }

  async readClipboard(): Promise<string> {
    return await this.page.evaluate<string>('navigator.clipboard.readText()')
  }

  /** @param file where the picture goes, as .png */
  async screenshot(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true })
    await this.page.screenshot({ path: file, animations: 'disabled', caret: 'hide' })
  }
}
