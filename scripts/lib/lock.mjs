import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 200
// A holder writes its pid right after making the folder; one that has none for so long died in between.
const pidGraceMs = 5_000

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
    if (await isAbandoned(folder)) {
      await discard(folder)
      continue
    }
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
  try {
    await mkdir(folder)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
  await writeFile(join(folder, 'pid'), String(process.pid))
  return true
}

/** @param {string} folder */
async function isAbandoned(folder) {
  const pid = Number.parseInt(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''), 10)
  if (Number.isInteger(pid)) return !isAlive(pid)
  const made = await stat(folder).catch(() => undefined)
  return made !== undefined && Date.now() - made.mtimeMs > pidGraceMs
}

/**
 * Renames before removing: of several that find the same dead holder only one wins, and none removes a newer lock's content.
 * @param {string} folder
 */
async function discard(folder) {
  const grave = `${folder}.dead-${process.pid}-${Date.now()}`
  try {
    await rename(folder, grave)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  await rm(grave, { recursive: true, force: true })
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
