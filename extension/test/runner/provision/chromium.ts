import { existsSync } from 'node:fs'
import { aptCommand, findOnPath, installDebianPackages } from '../../../../scripts/lib/debian.ts'
import { RemedyError } from '../../../../scripts/lib/errors.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

/**
 * Finds a Chromium or Chrome: CHROMIUM, an installed one, else Debian's package.
 * @throws {RemedyError} where none can be had
 */
export async function ensureChromium(): Promise<string> {
  const found = process.env.CHROMIUM ?? findInstalled() ?? ((await installDebianPackages(['chromium'])) ? findInstalled() : undefined)
  if (found !== undefined) return found
  throw new RemedyError(`Install Chromium or Chrome (Debian: ${aptCommand(['chromium'])}), or name one in CHROMIUM.`)
}

const findInstalled = (): string | undefined => names.map(findOnPath).find((file) => file !== undefined) ?? applications.find((file) => existsSync(file))
