import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Together with the file before it, at most twice this much is kept. */
const bytesMax = 8 * 1024 * 1024

/**
 * A file that a process writes to by itself, so that it goes on when this one dies. It is opened for appending, so it can be cut while it is written.
 */
export interface BoundedLogFile {
  readonly path: string
  /** A descriptor for the process; the caller closes it. */
  open(): Promise<Awaited<ReturnType<typeof open>>>
  /** Moves what has grown too long to `<path>.1`. Called now and then. */
  keepBounded(): Promise<void>
}

export const createBoundedLogFile = (path: string): BoundedLogFile => ({
  path,
  async open() {
    await mkdir(dirname(path), { recursive: true })
    return open(path, 'a', 0o600)
  },
  async keepBounded() {
    const { size } = await stat(path).catch(() => ({ size: 0 }))
    if (size <= bytesMax) return
    await copyFile(path, `${path}.1`)
    await truncate(path, 0)
  },
})
