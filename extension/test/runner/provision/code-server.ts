// code-server is VS Code with a real extension host that a registry alone can deliver: VS Code's own download needs the
// internet. It is large and compiles native modules, so it stays in the cache and out of this repository's dependencies.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../../../../scripts/lib/cache.mjs'
import { aptCommand, installDebianPackages } from '../../../../scripts/lib/debian.ts'
import { RemedyError } from '../../../../scripts/lib/errors.mjs'
import { withLock } from '../../../../scripts/lib/lock.mjs'
import { ensureCachedNode, withNodeFirst } from '../../../../scripts/lib/node.mjs'
import { runNpm } from '../../../../scripts/lib/npm.mjs'
import { say } from '../../../../scripts/lib/say.mjs'

const version = '4.139.1'

/** What its native modules are compiled against: the header and the Debian package that has it. */
const headers: Record<string, string> = {
  '/usr/include/gssapi/gssapi.h': 'libkrb5-dev',
  '/usr/include/libsecret-1/libsecret/secret.h': 'libsecret-1-dev',
  '/usr/include/X11/extensions/XKBrules.h': 'libxkbfile-dev',
}

export interface CodeServer {
  /** The package's folder. */
  folder: string
  /** The Node that its native modules are made for. */
  node: string
}

/**
 * Finds code-server in the cache or installs it there.
 * @throws {RemedyError} where it can not be had
 */
export async function ensureCodeServer(): Promise<CodeServer> {
  if (process.platform !== 'linux') throw new RemedyError('code-server is used on Linux only.')
  const node = await nodeWithHeaders()
  const folder = join(cacheFolder(), 'code-server', `${process.platform}-${process.arch}-${version}`)
  const found: CodeServer = { folder: join(folder, 'node_modules', 'code-server'), node }
  if (existsSync(folder)) return found
  await withLock(`${folder}.lock`, { onWait: () => say('another run is installing code-server, waiting for it') }, async () => {
    if (!existsSync(folder)) await install(folder, node)
  })
  return found
}

/** Its installation compiles native modules; the Node of nodejs.org and of the registry bring the headers along, Debian's does not. */
async function nodeWithHeaders(): Promise<string> {
  const isThere = existsSync(join(rootOf(process.execPath), 'include', 'node', 'node_api.h'))
  return isThere ? process.execPath : await ensureCachedNode()
}

const rootOf = (node: string): string => dirname(dirname(node))

async function install(folder: string, node: string): Promise<void> {
  const missing = Object.entries(headers).flatMap(([file, name]) => (existsSync(file) ? [] : [name]))
  if (missing.length > 0 && !(await installDebianPackages(missing))) throw new RemedyError(`code-server needs ${missing.join(', ')}: ${aptCommand(missing)}.`)
  say('installing code-server for the editor tests (first time, two to three minutes)')
  await mkdir(dirname(folder), { recursive: true })
  // npm leaves the absolute path in no file, so the finished folder can be renamed: one that is there is whole.
  const unfinished = await mkdtemp(`${folder}.unfinished-`)
  try {
    await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n')
    const env = { ...withNodeFirst(process.env, node), npm_config_nodedir: rootOf(node), npm_config_dangerously_allow_all_scripts: 'true' }
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--no-package-lock', `code-server@${version}`]
    await runNpm(args, {
      cwd: unfinished,
      env,
      node,
      remedy: 'code-server could not be installed. Check the network, and that python3, make and g++ are there.',
    })
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}
