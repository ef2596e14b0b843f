import { readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { isAlive } from '../../platform/processes.ts'
import { type Credentials, withDirectClient } from './replica-set.ts'

/** IMPRUN_HOME/run/mongod.json: where the last mongod of this home was. It stays after a stop, so that the next start takes the same port. */
export interface MongodNote {
  pid: number
  port: number
}

export async function readNote(noteFile: string): Promise<MongodNote | undefined> {
  try {
    const { pid, port } = JSON.parse(await readFile(noteFile, 'utf8')) as MongodNote
    return Number.isInteger(pid) && Number.isInteger(port) ? { pid, port } : undefined
  } catch {
    return undefined
  }
}

export async function writeNote(noteFile: string, note: MongodNote): Promise<void> {
  await writeFile(`${noteFile}.draft`, JSON.stringify(note), { mode: 0o600 })
  await rename(`${noteFile}.draft`, noteFile)
}

const probeTimeoutMs = 3_000

/**
 * The mongod that an earlier backend left behind, if it still works on this very data: process ids and ports are used again by others, so it is asked,
 * with our credentials, who it is.
 */
export async function findRunning(note: MongodNote | undefined, dataFolder: string, credentials: Credentials): Promise<MongodNote | undefined> {
  if (!note || !isAlive(note.pid)) return undefined
  try {
    const ours = await realpath(dataFolder)
    const isOurs = await withDirectClient(note.port, credentials, probeTimeoutMs, async (client) => {
      const admin = client.db('admin')
      const [{ pid }, { parsed }] = await Promise.all([admin.command({ serverStatus: 1, repl: 0, metrics: 0 }), admin.command({ getCmdLineOpts: 1 })])
      return Number(pid) === note.pid && (await realpath(parsed.storage.dbPath)) === ours
    })
    return isOurs ? note : undefined
  } catch {
    return undefined
  }
}
