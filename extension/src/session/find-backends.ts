import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Connection } from '@imprun/contracts'
import * as z from 'zod'

/** Where a running backend may have left its `connection.json`. */
export interface Places {
  /** IMPRUN_HOME of this process, or the setting. */
  readonly homes: readonly string[]
  /** Folders open in the editor; only given when their owner is trusted. */
  readonly workspaceFolders: readonly string[]
  /** Folder of the pointers that every running backend of this user leaves: `{ home }`. */
  readonly stateFolder: string
}

export interface FoundBackend {
  readonly connection: Connection
  readonly connectionFile: string
}

const pointerSchema = z.object({ home: z.string().min(1) })
// More than anyone runs at once; what lies beyond is leftovers of crashes.
const pointersMax = 50

/** IMPRUN_STATE, else `imprun` in the XDG state folder. */
export function stateFolder(environment: Record<string, string | undefined>, homeFolder: string): string {
  return environment.IMPRUN_STATE || path.join(environment.XDG_STATE_HOME || path.join(homeFolder, '.local', 'state'), 'imprun')
}

/** Every connection file that can be read and understood, nearest first; a pointer to a backend that is gone finds nothing. */
export async function findBackends(places: Places): Promise<FoundBackend[]> {
  const folders = [...places.homes, ...places.workspaceFolders.map((folder) => path.join(folder, '.imprun')), ...(await readPointers(places.stateFolder))]
  const files = [...new Set(folders.map((folder) => path.join(folder, 'connection.json')))]
  const found = await Promise.all(files.map(readConnection))
  const byUrl = new Map<string, FoundBackend>()
  for (const backend of found) if (backend && !byUrl.has(backend.connection.apiUrl)) byUrl.set(backend.connection.apiUrl, backend)
  return [...byUrl.values()]
}

export async function readConnection(connectionFile: string): Promise<FoundBackend | undefined> {
  const { connectionSchema } = await import('@imprun/contracts/account')
  const connection = connectionSchema.safeParse(await readJson(connectionFile))
  return connection.success ? { connection: connection.data, connectionFile } : undefined
}

async function readPointers(folder: string): Promise<string[]> {
  const connections = path.join(folder, 'connections')
  const names = await readdir(connections).catch(() => [])
  const pointers = names.filter((name) => name.endsWith('.json')).slice(0, pointersMax)
  const read = await Promise.all(pointers.map(async (name) => pointerSchema.safeParse(await readJson(path.join(connections, name)))))
  return read.flatMap((pointer) => (pointer.success ? [pointer.data.home] : []))
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}
