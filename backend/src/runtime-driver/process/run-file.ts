import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'

const runtimeNoteSchema = z.object({
  /** In the arguments of the process too, so that a process id used again by somebody else is told apart. */
  launchId: z.string(),
  /** Absent when the backend died between starting the runtime and noting it. */
  pid: z.number().int().positive().optional(),
  port: z.number().int(),
  token: z.string(),
  controlPath: z.string(),
  /** Of everything the runtime was started with; with other settings it is not taken over, but replaced. */
  fingerprint: z.string(),
})
/** What the next life of this backend needs to take over its runtime. Holds the control token: the file is for its owner only. */
export type RuntimeNote = z.infer<typeof runtimeNoteSchema>

/** IMPRUN_HOME/run/runtime.json */
export interface RunFile {
  /** @returns undefined when there is none, or none that can be read. */
  read(): Promise<RuntimeNote | undefined>
  write(note: RuntimeNote): Promise<void>
  remove(): Promise<void>
}

export const createRunFile = (path: string): RunFile => ({
  async read() {
    try {
      return runtimeNoteSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    } catch {
      return undefined
    }
  },
  async write(note) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.draft`, JSON.stringify(note), { mode: 0o600 })
    await rename(`${path}.draft`, path)
  },
  remove: () => rm(path, { force: true }),
})
