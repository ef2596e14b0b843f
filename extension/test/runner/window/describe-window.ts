import type { Page } from 'playwright-core'

const parts: Readonly<Record<string, string>> = {
  dialog: '.monaco-dialog-box',
  question: '.quick-input-widget',
  notification: '.notification-list-item',
  tab: '.tabs-container .tab',
  'status bar': '.statusbar-item',
  hover: '.monaco-hover',
  'empty view': '.welcome-view-content',
}
const partCharactersMax = 300

/** What a person would read in the window, one line for each part, for the report of a journey that failed. */
export async function describeWindow(page: Page): Promise<string> {
  const lines: string[] = []
  for (const [name, selector] of Object.entries(parts))
    for (const text of await page.locator(`${selector}:visible`).allInnerTexts()) lines.push(line(name, text))
  const rows = await page.getByRole('treeitem').evaluateAll((items) => items.map((item) => item.getAttribute('aria-label') ?? ''))
  lines.push(...rows.map((label) => line('row', label)))
  return lines.filter(Boolean).join('\n')
}

const line = (name: string, text: string) => (text.trim() ? `${name}: ${text.replace(/\s+/g, ' ').trim().slice(0, partCharactersMax)}` : '')
