import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { newRandomId } from '../platform/ids.ts'
import { isLargerThan } from './folder-size.ts'
import { checkSources, hashLock, type Lock, parseLock } from './lock.ts'
import type { Npm } from './npm.ts'
import { toInstallationError } from './npm-failure.ts'
import { installationTooSlow, packagesTooLarge } from './package-errors.ts'

/** By name: the range. */
export type Dependencies = Readonly<Record<string, string>>

export interface Installation {
  lock: string
  lockHash: string
  parsed: Lock
}

/**
 * Installed packages, one folder for each lock. A folder is made aside and moved into place whole, so what is there is complete, whoever was killed while
 * making it; two who make the same one at once end with one.
 */
export interface PackageCache {
  /** Resolves and installs. @throws PACKAGE_NOT_FOUND and the other refusals of an installation */
  install(dependencies: Dependencies): Promise<Installation>
  /** Brings a folder back from its lock where it is missing. @throws as `install` */
  ensure(installed: { lock: string; lockHash: string; dependencies: Dependencies }): Promise<void>
  /** Absolute, without symbolic links; whether it is there or not. */
  folderOf(lockHash: string): Promise<string>
  /** Removes what was left half-made, and every folder that is not in `used`. Only while nobody installs. */
  collect(used: ReadonlySet<string>): Promise<void>
}

export interface PackageCacheOptions {
  folder: string
  npm: Npm
  timeoutMs?: number
  bytesMax?: number
}

const draftsName = '.drafts'
const lockName = 'package-lock.json'
const measureEveryMs = 500

export function createPackageCache({ folder, npm, timeoutMs = 60_000, bytesMax = 256 * 1024 * 1024 }: PackageCacheOptions): PackageCache {
  const restoring = new Map<string, Promise<void>>()
  let root: Promise<string> | undefined
  const openRoot = async () => {
    await mkdir(path.join(folder, draftsName), { recursive: true, mode: 0o700 })
    return realpath(folder)
  }
  const rootFolder = () => {
    root ??= openRoot()
    return root
  }

  /** Runs npm in a new folder that holds nothing but what `files` says. @returns what `take` makes of it; the folder is gone then, or moved. */
  const inDraft = async <T>(
    args: readonly string[],
    files: Record<string, string>,
    names: readonly string[],
    take: (draft: string) => Promise<T>,
  ): Promise<T> => {
    const draft = path.join(await rootFolder(), draftsName, newRandomId())
    await mkdir(draft)
    try {
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(draft, name), text)
      await runBounded(args, draft, names)
      return await take(draft)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }

  const runBounded = async (args: readonly string[], draft: string, names: readonly string[]) => {
    const stop = new AbortController()
    const deadline = setTimeout(() => stop.abort(installationTooSlow(timeoutMs)), timeoutMs)
    const measure = async () => {
      if (await isLargerThan(draft, bytesMax)) stop.abort(packagesTooLarge(bytesMax))
    }
    const measuring = setInterval(() => void measure(), measureEveryMs)
    try {
      const ended = await npm(args, { cwd: draft, signal: stop.signal })
      if (!ended.isDone) throw toInstallationError(ended, names)
      await measure()
      stop.signal.throwIfAborted()
    } finally {
      clearTimeout(deadline)
      clearInterval(measuring)
    }
  }

  const put = async (draft: string, lockHash: string) => {
    const target = path.join(await rootFolder(), lockHash)
    try {
      await rename(draft, target)
    } catch (error) {
      // Somebody else made the same one first.
      if (!existsSync(target)) throw error
    }
  }

  const restore = ({ lock, lockHash, dependencies }: { lock: string; lockHash: string; dependencies: Dependencies }) =>
    inDraft(['ci'], { 'package.json': manifestOf(dependencies), [lockName]: lock }, Object.keys(dependencies), (draft) => put(draft, lockHash))

  return {
    install: (dependencies) =>
      inDraft(['install'], { 'package.json': manifestOf(dependencies) }, Object.keys(dependencies), async (draft) => {
        const lock = await readFile(path.join(draft, lockName), 'utf8')
        const parsed = parseLock(lock)
        checkSources(parsed)
        const lockHash = hashLock(lock)
        await put(draft, lockHash)
        return { lock, lockHash, parsed }
      }),
    async ensure(installed) {
      if (existsSync(path.join(await rootFolder(), installed.lockHash))) return
      const running = restoring.get(installed.lockHash) ?? restore(installed).finally(() => restoring.delete(installed.lockHash))
      restoring.set(installed.lockHash, running)
      await running
    },
    folderOf: async (lockHash) => path.join(await rootFolder(), lockHash),
    async collect(used) {
      const opened = await rootFolder()
      const drafts = path.join(opened, draftsName)
      for (const name of await readdir(drafts)) await rm(path.join(drafts, name), { recursive: true, force: true })
      for (const name of await readdir(opened)) {
        if (name !== draftsName && !used.has(name)) await rm(path.join(opened, name), { recursive: true, force: true })
      }
    },
  }
}

/** The same text for the same packages, whatever gateway they are for: gateways share folders. */
const manifestOf = (dependencies: Dependencies): string =>
  JSON.stringify({ name: 'functions', version: '1.0.0', private: true, dependencies: Object.fromEntries(Object.entries(dependencies).sort()) })
