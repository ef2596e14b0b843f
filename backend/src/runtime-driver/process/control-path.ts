import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A short folder for the unix sockets of one IMPRUN_HOME, closed to other users: their paths may have 107 bytes, and homes can lie deep.
 * @throws Error when somebody else has made a folder of that name.
 */
export async function ensureSocketFolder(home: string): Promise<string> {
  const folder = join(tmpdir(), `imprun-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = await lstat(folder)
  if (process.getuid && uid !== process.getuid()) throw new Error(`${folder} belongs to another user. Remove it, or set TMPDIR to a folder of your own.`)
  return folder
}
