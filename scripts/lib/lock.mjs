import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 200
// A holder writes its pid right after making the folder; one that has none for so long died in between.
const pidGraceMs = 5_000
const guardLifeMs = 60_000

/**
 * Runs `work` while holding the lock folder, which only one process on this machine can hold. A lock whose holder has
 * died is taken over.
 * @template T
 * @param {string} folder
 * @param {{ onWait?: () => void }} options `onWait` is called once when another process holds it
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, { onWait }, work) {
  await mkdir(dirname(folder), { recursive: true })
  for (let attempt = 0; !(await tryLock(folder)); attempt++) {
    if ((await isAbandoned(folder)) && (await discard(folder))) continue
    if (attempt === 0) onWait?.()
    await sleep(pollMs)
  }
  try {
    return await work()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
async function tryLock(folder) {
  if (!(await makeFolder(folder))) return false
  await writeFile(join(folder, 'pid'), String(process.pid))
  return true
}

/** @param {string} folder @returns {Promise<boolean>} false when it is there already */
async function makeFolder(folder) {
  try {
    await mkdir(folder)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** @param {string} folder */
async function isAbandoned(folder) {
  const pid = Number.parseInt(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''), 10)
  if (Number.isInteger(pid)) return !isAlive(pid)
  const made = await stat(folder).catch(() => undefined)
  return made !== undefined && Date.now() - made.mtimeMs > pidGraceMs
}

/**
 * Removes an abandoned lock. Between finding and removing it another may have done so and have made its own, which would be
 * removed instead: so that is done by one at a time, who looks again.
 * @param {string} folder
 * @returns {Promise<boolean>} whether it is worth trying at once
 */
async function discard(folder) {
  const guard = `${folder}.takeover`
  if (!(await makeFolder(guard))) {
    // Held for some milliseconds; one that is old is of a process that died just then.
    const made = await stat(guard).catch(() => undefined)
    if (made !== undefined && Date.now() - made.mtimeMs > guardLifeMs) await rm(guard, { recursive: true, force: true })
    return false
  }
  try {
    if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true })
    return true
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof Error && 'code' in error ? error.code : undefined)
