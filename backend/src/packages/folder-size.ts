import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** @returns whether the files below have more bytes than `bytesMax`; it stops to count there. What vanishes meanwhile counts as nothing. */
export async function isLargerThan(folder: string, bytesMax: number): Promise<boolean> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue
    bytes += (await stat(path.join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size
    if (bytes > bytesMax) return true
  }
  return false
}
