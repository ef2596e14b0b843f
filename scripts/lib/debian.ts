import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { say } from './say.mjs'

/** The command that a person without the right to install would ask an administrator to run. */
export const aptCommand = (packages: string[]): string => `apt-get install --no-install-recommends ${packages.join(' ')}`

export const findOnPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** Installs Debian packages where that is possible: as root, with apt-get. @returns whether they are installed now */
export async function installDebianPackages(packages: string[]): Promise<boolean> {
  const apt = findOnPath('apt-get')
  if (apt === undefined || process.getuid?.() !== 0) return false
  say(`installing ${packages.join(', ')} (Debian)`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = async (args: string[]) => promisify(execFile)(apt, args, { env, maxBuffer: 64 * 1024 * 1024 })
  try {
    // A fresh machine has no package lists, an old one has stale ones; a mirror that is down is told by the installation.
    await run(['update', '-qq']).catch(() => undefined)
    await run(['install', '-qq', '--yes', '--no-install-recommends', ...packages])
    return true
  } catch (error) {
    say(`that failed: ${error instanceof Error ? error.message.split('\n').slice(0, 5).join('\n') : String(error)}`)
    return false
  }
}
