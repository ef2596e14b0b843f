import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as z from 'zod'
import { hashText } from '../platform/hash.ts'
import { backendFolder, functionFile, gatewayFolder, placeOf } from './mirror-paths.ts'

/** A function of one backend, by name. */
export interface FunctionKey {
  readonly apiUrl: string
  readonly gatewayId: string
  readonly name: string
}

const recordSchema = z.object({
  apiUrl: z.string(),
  functionId: z.string(),
  /** The server's revision that the file was last equal to. */
  revision: z.number().int(),
  hash: z.string(),
  /** Its author saved the file to publish it, and the backend was away. What auto save wrote has no such mark. */
  isWaiting: z.boolean().optional(),
})
/** What a mirror file was last equal to. Kept on disk beside the files, so that every window of the editor sees the same. */
export type MirrorRecord = z.infer<typeof recordSchema>

/** Files of the mirror folder and what is known of each. One record per function, so that windows never write the same file for different reasons. */
export class MirrorStore {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  file(key: FunctionKey): string {
    return functionFile(this.root, key)
  }

  async findRecord(key: FunctionKey): Promise<MirrorRecord | undefined> {
    const record = parseRecord(await readFile(this.#recordFile(key), 'utf8').catch(() => ''))
    return record?.apiUrl === key.apiUrl ? record : undefined
  }

  async writeRecord(key: FunctionKey, served: { functionId: string; revision: number; code: string }): Promise<void> {
    const record: MirrorRecord = { apiUrl: key.apiUrl, functionId: served.functionId, revision: served.revision, hash: hashText(served.code) }
    await writeWhole(this.#recordFile(key), `${JSON.stringify(record)}\n`)
  }

  async markWaiting(key: FunctionKey): Promise<void> {
    const record = await this.findRecord(key)
    if (record && !record.isWaiting) await writeWhole(this.#recordFile(key), `${JSON.stringify({ ...record, isWaiting: true })}\n`)
  }

  async findText(key: FunctionKey): Promise<string | undefined> {
    return readFile(this.file(key), 'utf8').catch(() => undefined)
  }

  /** Puts the server's text in the file and remembers it as the base of what comes next. */
  async writeServed(key: FunctionKey, served: { functionId: string; revision: number; code: string }): Promise<void> {
    if ((await this.findText(key)) !== served.code) await writeWhole(this.file(key), served.code)
    await this.writeRecord(key, served)
  }

  /** True when the file holds something that was never sent, or never accepted. */
  async isChanged(key: FunctionKey): Promise<boolean> {
    const [record, text] = await Promise.all([this.findRecord(key), this.findText(key)])
    return record !== undefined && text !== undefined && hashText(text) !== record.hash
  }

  /** Forgets a function that is gone; a file with changes of its own is left where it is. */
  async forget(key: FunctionKey): Promise<void> {
    if (!(await this.isChanged(key))) await rm(this.file(key), { force: true })
    await rm(this.#recordFile(key), { force: true })
  }

  /** The function that a file mirrors, by its record; also while nobody is signed in. */
  async findKey(file: string): Promise<FunctionKey | undefined> {
    const place = placeOf(this.root, file)
    if (!place) return undefined
    const text = await readFile(path.join(this.root, place.backend, place.gatewayId, '.imprun', `${place.name}.json`), 'utf8').catch(() => '')
    const record = parseRecord(text)
    return record && { apiUrl: record.apiUrl, gatewayId: place.gatewayId, name: place.name }
  }

  /** Files of a backend that differ from what the server had, oldest save first. */
  async findChanged(apiUrl: string): Promise<FunctionKey[]> {
    const folder = path.join(this.root, backendFolder(apiUrl))
    const names = await readdir(folder, { recursive: true }).catch(() => [])
    const found: { key: FunctionKey; savedAtMs: number }[] = []
    for (const name of names) {
      const file = path.join(folder, name)
      const key = await this.findKey(file)
      if (key && (await this.isChanged(key))) found.push({ key, savedAtMs: (await stat(file)).mtimeMs })
    }
    return found.sort((a, b) => a.savedAtMs - b.savedAtMs).map(({ key }) => key)
  }

  async writeGenerated(key: Pick<FunctionKey, 'apiUrl' | 'gatewayId'>, files: Record<string, string>): Promise<void> {
    const folder = gatewayFolder(this.root, key)
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, name)
      if ((await readFile(file, 'utf8').catch(() => undefined)) !== text) await writeWhole(file, text)
    }
  }

  #recordFile(key: FunctionKey): string {
    return path.join(gatewayFolder(this.root, key), '.imprun', `${key.name}.json`)
  }
}

function parseRecord(text: string): MirrorRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Readers see the old text or the new one, never half of it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  await writeFile(draft, text)
  await rename(draft, file)
}
