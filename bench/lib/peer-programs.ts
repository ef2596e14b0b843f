import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../../scripts/lib/cache.mjs'
import { withLock } from '../../scripts/lib/lock.mjs'
import { withNodeFirst } from '../../scripts/lib/node.mjs'
import { runNpm } from '../../scripts/lib/npm.mjs'
import { say } from '../../scripts/lib/say.mjs'

const versions = { workerd: '1.20261117.1', deno: '2.9.6' } as const
/** Each is one program in a package of its own per platform; the packages in front of them only look for it. */
const platformPackages: Record<string, { workerd: string; deno: string }> = {
  'linux-x64': { workerd: '@cloudflare/workerd-linux-64', deno: '@deno/linux-x64-glibc' },
  'linux-arm64': { workerd: '@cloudflare/workerd-linux-arm64', deno: '@deno/linux-arm64-glibc' },
  'darwin-x64': { workerd: '@cloudflare/workerd-darwin-64', deno: '@deno/darwin-x64' },
  'darwin-arm64': { workerd: '@cloudflare/workerd-darwin-arm64', deno: '@deno/darwin-arm64' },
}

export interface PeerPrograms {
  workerd: string
  deno: string
}

/**
 * workerd and deno, from the cache or installed there: a hundred megabytes that nothing but this comparison needs, so they are no dependencies.
 * @throws {Error} where there is no package for this platform, or it can not be had
 */
export async function ensurePeerPrograms(): Promise<PeerPrograms> {
  const packages = platformPackages[`${process.platform}-${process.arch}`]
  if (packages === undefined) throw new Error(`There is no workerd and deno for ${process.platform}-${process.arch} here.`)
  const folder = join(cacheFolder(), 'peers', `${process.platform}-${process.arch}-workerd-${versions.workerd}-deno-${versions.deno}`)
  const modules = join(folder, 'node_modules')
  const programs = { workerd: join(modules, packages.workerd, 'bin', 'workerd'), deno: join(modules, packages.deno, 'deno') }
  if (existsSync(folder)) return programs
  await withLock(`${folder}.lock`, { onWait: () => say('another run is installing workerd and deno, waiting for it') }, async () => {
    if (!existsSync(folder)) await install(folder, [`${packages.workerd}@${versions.workerd}`, `${packages.deno}@${versions.deno}`])
  })
  return programs
}

async function install(folder: string, packages: string[]): Promise<void> {
  say('installing workerd and deno for the comparison (first time)')
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(`${folder}.unfinished-`)
  try {
    await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n')
    await runNpm(['install', '--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', ...packages], {
      cwd: unfinished,
      env: withNodeFirst(process.env, process.execPath),
      node: process.execPath,
      remedy: 'workerd and deno could not be installed. Check the network.',
    })
    await rename(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}
