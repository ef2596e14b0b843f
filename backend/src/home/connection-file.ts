import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Connection } from '@imprun/contracts'
import { homeDigest } from '../platform/socket-folder.ts'

/**
 * Tells tools of this user that a backend is ready: connection.json in the home, and in the state folder a pointer that names the home alone, for tools
 * that were started elsewhere.
 * @returns what takes both away again.
 */
export async function announce(home: string, stateFolder: string, connection: Connection): Promise<() => Promise<void>> {
  const connectionFile = join(home, 'connection.json')
  const pointerFile = join(stateFolder, 'connections', `${homeDigest(home)}.json`)
  await put(connectionFile, connection)
  await put(pointerFile, { home })
  return async () => {
    await rm(connectionFile, { force: true })
    await rm(pointerFile, { force: true })
  }
}

/** Put in place in one step, so that a reader never sees half of it. */
async function put(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}
