import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type EditedRequest, type SavedRequest, type SentRequest, savedRequestSchema, sentRequestSchema } from '@imprun/contracts/webviews/send-request'
import * as z from 'zod'
import { gatewayFolder } from '../workspace/mirror-paths.ts'
import type { FunctionKey } from '../workspace/mirror-store.ts'

/** Where this window keeps what was sent; `vscode.Memento` is one. */
export interface Memory {
  get(key: string): unknown
  update(key: string, value: unknown): PromiseLike<void>
}

const historyMax = 20
/** Longer bodies are sent and not remembered. */
const keptCharactersMax = 64 * 1024
const savedFileSchema = z.object({ requests: z.array(savedRequestSchema) })

/**
 * Requests of each function. Those that were given a name are files of the mirror folder (`.requests/<function>.json`), so they last, can be put under
 * version control and be shared; the last ones that were sent are this window's own. Keys are in neither.
 */
export class RequestStore {
  readonly #root: string
  readonly #memory: Memory

  constructor(root: string, memory: Memory) {
    this.#root = root
    this.#memory = memory
  }

  async saved(key: FunctionKey): Promise<SavedRequest[]> {
    const text = await readFile(this.#file(key), 'utf8').catch(() => '')
    return parse(savedFileSchema, text)?.requests ?? []
  }
  /** One of the same name is replaced. */
  async save(key: FunctionKey, saved: SavedRequest): Promise<void> {
    const others = (await this.saved(key)).filter(({ name }) => name !== saved.name)
    await this.#write(key, [...others, saved])
  }
  async remove(key: FunctionKey, name: string): Promise<void> {
    await this.#write(
      key,
      (await this.saved(key)).filter((each) => each.name !== name),
    )
  }

  /** Newest first. */
  history(key: FunctionKey): SentRequest[] {
    return z.array(sentRequestSchema).safeParse(this.#memory.get(historyKey(key))).data ?? []
  }
  async remember(key: FunctionKey, sent: SentRequest): Promise<void> {
    if (sent.request.body.length > keptCharactersMax) return
    const same = JSON.stringify(sent.request)
    const others = this.history(key).filter(({ request, environment }) => environment !== sent.environment || JSON.stringify(request) !== same)
    await this.#memory.update(historyKey(key), [sent, ...others].slice(0, historyMax))
  }
  /** What the function was called with last. */
  async last(key: FunctionKey): Promise<EditedRequest | undefined> {
    return this.history(key)[0]?.request ?? (await this.saved(key)).at(-1)?.request
  }

  #file(key: FunctionKey): string {
    return path.join(gatewayFolder(this.#root, key), '.requests', `${key.name}.json`)
  }
  async #write(key: FunctionKey, requests: readonly SavedRequest[]): Promise<void> {
    const file = this.#file(key)
    await mkdir(path.dirname(file), { recursive: true })
    const draft = `${file}.${process.pid}.tmp`
    await writeFile(draft, `${JSON.stringify({ requests }, null, 2)}\n`)
    await rename(draft, file)
  }
}

const historyKey = ({ apiUrl, gatewayId, name }: FunctionKey) => `imprun.sent/${apiUrl}/${gatewayId}/${name}`

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
