import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcess } from '../../src/platform/processes.ts'

const graceMs = 10_000

/** Ends what a killed backend left running on this home: its runtime and its MongoDB. Process ids are used again, so each is first asked for its name. */
export async function endLeftBehind(home: string): Promise<void> {
  for (const name of ['runtime.json', 'mongod.json']) {
    const note = await readNote(join(home, 'run', name))
    if (note && (await isOurs(note, home))) await endProcess(note.pid, graceMs)
  }
}

interface Note {
  pid: number
  launchId?: string
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as Partial<Note>
    return typeof note.pid === 'number' ? (note as Note) : undefined
  } catch {
    return undefined
  }
}

async function isOurs({ pid, launchId }: Note, home: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return command.includes(launchId ?? home)
}
