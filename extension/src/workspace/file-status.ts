import type { ImprunFunction, InputFault } from '@imprun/contracts'
import type { Disposable } from '../platform/disposables.ts'
import { Emitter } from '../platform/emitter.ts'
import type { FunctionKey } from './mirror-store.ts'

/** How a mirror file stands to what dev serves. */
export type FileState =
  | { kind: 'inStep' }
  | { kind: 'publishing' }
  | { kind: 'live'; version: string; liveMs: number | undefined }
  /** A module, served inside these functions. */
  | { kind: 'republished'; names: readonly string[]; liveMs: number | undefined }
  /** Saved on the server, but dev goes on serving the version before. */
  | { kind: 'refused'; code: string; detail: string; faults: readonly InputFault[] }
  /** Not saved on the server. */
  | { kind: 'failed'; code: string; detail: string; faults: readonly InputFault[] }
  /** Saved here; sent as soon as the backend answers. */
  | { kind: 'waiting' }
  /** Saved here, and publishing on save is off. */
  | { kind: 'unpublished' }
  | { kind: 'conflict'; by: string; at: string }

export interface FileStatus {
  readonly key: FunctionKey
  readonly state: FileState
  /** The function as the server last told it, without code. */
  readonly facts: ImprunFunction | undefined
}

/** States of all mirror files of this window, by file path. */
export class FileStatuses implements Disposable {
  readonly #byFile = new Map<string, FileStatus>()
  readonly #changed = new Emitter<string>()

  /** Fires with the path of the file. */
  readonly onChanged = this.#changed.event

  find(file: string): FileStatus | undefined {
    return this.#byFile.get(file)
  }

  entries(): IterableIterator<[string, FileStatus]> {
    return this.#byFile.entries()
  }

  setState(file: string, key: FunctionKey, state: FileState): void {
    this.#set(file, { key, state, facts: this.#byFile.get(file)?.facts })
  }

  setFacts(file: string, key: FunctionKey, facts: ImprunFunction): void {
    const { code: _, ...rest } = facts
    this.#set(file, { key, state: this.#byFile.get(file)?.state ?? { kind: 'inStep' }, facts: rest })
  }

  forget(file: string): void {
    if (this.#byFile.delete(file)) this.#changed.fire(file)
  }

  clear(): void {
    for (const file of [...this.#byFile.keys()]) this.forget(file)
  }

  dispose(): void {
    this.#changed.dispose()
  }

  #set(file: string, status: FileStatus): void {
    this.#byFile.set(file, status)
    this.#changed.fire(file)
  }
}
