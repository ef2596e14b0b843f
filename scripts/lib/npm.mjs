import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { RemedyError } from './errors.mjs'

// npm says the reason first or last, and its manual in between; the middle of a long log helps nobody.
const endCharactersShown = 2_000
const outputBytesMax = 64 * 1024 * 1024

/**
 * Runs npm on the given Node, quietly: its output is kept and shown only when it fails.
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, node: string, remedy: string }} options `remedy` ends the message of a failure
 * @throws {RemedyError} with npm's own output
 */
export async function runNpm(args, { cwd, env, node, remedy }) {
  const cli = findNpmCli(env)
  // Whatever the task was started with: `npm run --silent` would hide the reason of a failure too.
  const all = [...args, '--loglevel=error']
  // Windows runs npm.cmd only through a shell; all our arguments are fixed words.
  const options = { cwd, env: withoutOuterNpm(env), shell: cli === undefined && process.platform === 'win32', maxBuffer: outputBytesMax }
  try {
    await promisify(execFile)(cli === undefined ? 'npm' : node, cli === undefined ? all : [cli, ...all], options)
  } catch (error) {
    const { stdout = '', stderr = '', code } = /** @type {{ stdout?: string, stderr?: string, code?: number | string }} */ (error)
    const output = withoutHosts(`${stdout}${stderr}`).trimEnd()
    throw new RemedyError(`npm failed (${code}).\n${endsOf(output)}\n${remedy}`)
  }
}

/**
 * An npm that runs us tells its scripts about itself, the Node it runs on among it; install scripts would believe that
 * of the npm we run. What the user has configured stays.
 * @param {NodeJS.ProcessEnv} env
 */
export const withoutOuterNpm = (env) =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_(config_user_agent|config_local_prefix|lifecycle_.*|package_.*|node_execpath|execpath|command)|NODE|INIT_CWD)$/.test(name),
    ),
  )

/** @param {string} text */
const endsOf = (text) => (text.length <= 2 * endCharactersShown ? text : `${text.slice(0, endCharactersShown)}\n...\n${text.slice(-endCharactersShown)}`)

/**
 * The registry's address is the machine's own business (it may hold a company's name or a password), so it is not repeated.
 * @param {string} text
 */
export const withoutHosts = (text) => text.replaceAll(/\bhttps?:\/\/[^\s/'"]+/g, '<registry>')

/**
 * npm's script, so that it runs on the Node we choose rather than on the one its launcher finds.
 * @param {NodeJS.ProcessEnv} env
 */
function findNpmCli(env) {
  const starting = env.npm_execpath
  if (starting !== undefined && basename(starting) === 'npm-cli.js' && existsSync(starting)) return starting
  const script = join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const folders = [dirname(process.execPath), ...(env.PATH ?? env.Path ?? '').split(delimiter)].filter(Boolean)
  return folders.flatMap((folder) => [join(folder, script), join(folder, '..', 'lib', script)]).find((file) => existsSync(file))
}
