import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Where downloads that outlive a clone are kept: Node 24, the editor for the editor tests.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @returns {string} absolute
 */
export function cacheFolder(env = process.env, platform = process.platform) {
  if (env.IMPRUN_CACHE) return resolve(env.IMPRUN_CACHE)
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'imprun', 'cache')
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'imprun')
}
