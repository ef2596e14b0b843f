import { watch } from 'node:fs'
import path from 'node:path'
import type { Disposable } from '../platform/disposables.ts'

/** Tells when a file appears or changes. Its folder is watched, because the file may not be there yet; where that cannot be, nothing is told. */
export function watchFile(file: string, onChange: () => void): Disposable {
  try {
    const watcher = watch(path.dirname(file), { persistent: false }, (_, name) => {
      if (name === path.basename(file)) onChange()
    })
    watcher.on('error', () => watcher.close())
    return { dispose: () => watcher.close() }
  } catch {
    return { dispose() {} }
  }
}
