import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { withNodeFirst } from './node.mjs'
import { runNpm } from './npm.mjs'
import { say as sayInTerminal } from './say.mjs'

const stampName = join('node_modules', '.imprun-lock-hash')
const remedy = 'The dependencies could not be installed. Check the network and the free disk space, then run the same command again.'

/**
 * Makes node_modules what package-lock.json says, with npm on the given Node (several packages refuse an older one).
 * Of several that start at once one installs and the others wait for it.
 * @param {{ repository: string, node: string, install?: typeof installAll, say?: typeof sayInTerminal }} options
 * @throws {import('./errors.mjs').RemedyError} when npm fails
 */
export async function ensureDependencies({ repository, node, install = installAll, say = sayInTerminal }) {
  if (await isUpToDate(repository)) return
  const onWait = () => say('another start is installing dependencies, waiting for it')
  // Not inside node_modules, which npm empties.
  await withLock(join(repository, '.cache', 'install.lock'), { onWait }, async () => {
    if (await isUpToDate(repository)) return
    say('installing dependencies (first time, about a minute)')
    await install(repository, node)
    await writeFile(join(repository, stampName), await lockHash(repository))
  })
}

/** @param {string} repository */
async function isUpToDate(repository) {
  const hash = await lockHash(repository)
  const stamp = await readFile(join(repository, stampName), 'utf8').catch(() => undefined)
  if (stamp === hash) return true
  if (!(await isInstalledByHand(repository))) return false
  await writeFile(join(repository, stampName), hash)
  return true
}

/**
 * A developer's own `npm install` leaves no stamp, but npm's record of what it installed: when that holds every package
 * of the lock, installing again would be a minute lost.
 * @param {string} repository
 */
async function isInstalledByHand(repository) {
  const wanted = await readLock(join(repository, 'package-lock.json'))
  const installed = await readLock(join(repository, 'node_modules', '.package-lock.json'))
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path]
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link
  })
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, { version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }> | undefined>}
 */
async function readLock(file) {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text).packages
}

/** @param {string} repository */
async function lockHash(repository) {
  return createHash('sha256')
    .update(await readFile(join(repository, 'package-lock.json')))
    .digest('hex')
}

/** @param {string} repository @param {string} node */
async function installAll(repository, node) {
  // Development packages too, whatever NODE_ENV says: the tasks need them.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  await runNpm(args, { cwd: repository, env: withNodeFirst(process.env, node), node, remedy })
}
