import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const inRoot = (path: string): string => `${root}${path}`

/**
 * Compiling its sources is a third of a worker's start, and the guest is bundled once: the first worker keeps what comes of both for the others. Inside the
 * checkout and not in a folder that others may write to, because it is code that is run.
 */
const cacheFolder = inRoot('node_modules/.cache/imprun')
export const compileCacheFolder = `${cacheFolder}/compiled`

// What a worker is made of. Beside it: whether the system is Alpine, which the loader of addons asks.
const readable = [inRoot('runtime'), inRoot('contracts'), inRoot('node_modules'), inRoot('package.json'), '/etc/alpine-release']
const onlyWhileStarting = ['child', 'worker', 'addon'] as const

/**
 * Node.js' own limits for a worker: no file but its sources, and while it starts what `giveUpRights` takes away.
 * @param files what else it reads
 */
export const rightsAtStart = (files: readonly string[]): string[] => [
  ...['--permission', '--disable-warning=SecurityWarning', '--allow-addons', '--allow-worker', '--allow-child-process'],
  ...[...readable, ...files].map((path) => `--allow-fs-read=${path}`),
  `--allow-fs-write=${cacheFolder}`,
]

/**
 * For a worker that is about to be bound: from here on it starts no process and no thread, loads no addon and writes no file, whoever runs in it. Cannot be
 * undone. What an earlier worker kept in the cache was kept before anything of an author ran.
 */
export function giveUpRights(): void {
  const { permission } = process as unknown as { permission?: { drop(scope: string): void } }
  for (const right of onlyWhileStarting) permission?.drop(right)
  permission?.drop('fs.write')
}
