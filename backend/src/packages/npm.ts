import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { npmMissing } from './package-errors.ts'

/** What the installation of packages may know of the machine: how npm is configured there, and nothing of the backend's own. */
export interface NpmSettings {
  /** PATH: where npm is looked for. */
  searchPath: string
  environment: Readonly<Record<string, string>>
}

export interface NpmEnd {
  isDone: boolean
  stdout: string
  stderr: string
}

/** Runs npm in a folder of its own. @throws PACKAGES_NOT_INSTALLED where there is no npm; the signal's reason when it fires. */
export type Npm = (args: readonly string[], options: { cwd: string; signal: AbortSignal }) => Promise<NpmEnd>

const outputBytesMax = 4 * 1024 * 1024

/** No code of a package runs, nothing but the registry is asked, and what is found is written down without the registry's address. */
const settings = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--omit=dev',
  '--omit-lockfile-registry-resolved',
  '--no-workspaces',
  '--allow-git=none',
  '--allow-remote=none',
  '--allow-file=none',
  '--allow-directory=none',
  '--git=no-git',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=500',
  '--fetch-timeout=20000',
  '--loglevel=error',
  '--json',
]

export function createNpm({ searchPath, environment }: NpmSettings): Npm {
  return (args, { cwd, signal }) => {
    const program = findNpm(searchPath)
    if (program === undefined) throw npmMissing()
    const [path, ...first] = program.endsWith('.js') ? [process.execPath, program] : [program]
    return new Promise((resolve, reject) => {
      execFile(
        path,
        [...first, ...args, `--prefix=${cwd}`, ...settings],
        { cwd, env: { ...placeOf(program), ...environment, PATH: dirname(process.execPath) }, signal, killSignal: 'SIGKILL', maxBuffer: outputBytesMax },
        (error, stdout, stderr) => (signal.aborted ? reject(signal.reason) : resolve({ isDone: !error, stdout, stderr })),
      )
    })
  }
}

/** npm takes the place of the Node that runs it for its own, and looks there for the settings of all users; ours may be another than the one it came with. */
function placeOf(script: string): Record<string, string> {
  const place = /^(.*)[\\/]lib[\\/]node_modules[\\/]npm[\\/]bin[\\/]npm-cli\.js$/.exec(script)?.[1]
  return place === undefined ? {} : { PREFIX: place || '/' }
}

/** npm's script where it can be found, so that it runs on our own Node; else whatever is called npm. */
function findNpm(searchPath: string): string | undefined {
  const script = join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const beside = dirname(process.execPath)
  const folders = searchPath.split(delimiter).filter(Boolean)
  const candidates = [...folders.flatMap((folder) => [join(folder, 'npm'), join(folder, script)]), join(beside, '..', 'lib', script), join(beside, script)]
  const found = candidates.find((path) => existsSync(path))
  return found && realpathSync(found)
}
