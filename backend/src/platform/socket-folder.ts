import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Eight hex characters that name a home where its path is too long or too telling. */
export const homeDigest = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 8)

/**
 * A short folder for the unix sockets of one IMPRUN_HOME: their paths may have 107 bytes, and homes can lie deep.
 * @throws Error when somebody else has made it first: the folder of all is open to every user of the machine.
 */
export async function ensureSocketFolder(home: string): Promise<string> {
  const folder = join(tmpdir(), `imprun-${homeDigest(home)}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await lstat(folder)
  const isOurs = found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid()) && (found.mode & 0o077) === 0
  if (!isOurs) throw new Error(`${folder} belongs to somebody else or is open to others. Remove it, or set IMPRUN_HOME to another folder.`)
  return folder
}
