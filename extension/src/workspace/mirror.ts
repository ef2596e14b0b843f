import type { ImprunEvent, ImprunFunction } from '@imprun/contracts'
import { isImprunError } from '@imprun/contracts/errors'
import { hashText } from '../platform/hash.ts'
import type { Log } from '../platform/log.ts'
import type { Session } from '../session/session.ts'
import type { FileStatuses } from './file-status.ts'
import { generatedFiles } from './generated-files.ts'
import type { FunctionKey, MirrorRecord, MirrorStore } from './mirror-store.ts'
import type { PackageFile } from './package-file.ts'
import type { Publisher } from './publisher.ts'
import { findImported } from './shared-files.ts'

export interface MirrorPorts {
  store: MirrorStore
  statuses: FileStatuses
  publisher: Publisher
  session: Session
  /** Whether an editor of this window holds changes of the file that were not saved. */
  isDirty(file: string): boolean
  isPublishingOnSave(): boolean
  typesText(): Promise<string>
  packages: Pick<PackageFile, 'bring'>
  log: Log
}

/**
 * Keeps the files of the mirror folder and the backend in step. A file is rewritten only when nothing of its author would be lost: not dirty, and
 * still what it was when it was last equal to the server. Knows nothing of VS Code.
 */
export class Mirror {
  readonly #ports: MirrorPorts

  constructor(ports: MirrorPorts) {
    this.#ports = ports
  }

  keyOf(gatewayId: string, name: string): FunctionKey | undefined {
    const apiUrl = this.#ports.session.current?.backend.apiUrl
    return apiUrl ? { apiUrl, gatewayId, name } : undefined
  }

  /** Brings a function's file up to date and answers its path. @throws ImprunError */
  async bring(gatewayId: string, functionId: string): Promise<{ file: string; key: FunctionKey }> {
    const { session, store } = this.#ports
    const { api, backend } = session.current ?? {}
    if (!api || !backend) throw new Error('Nobody is signed in.')
    const item = await api.call('getFunction', { params: { gatewayId, functionId } })
    const key = { apiUrl: backend.apiUrl, gatewayId, name: item.name }
    await store.writeGenerated(key, generatedFiles(await this.#ports.typesText()))
    await this.#follow(key, item)
    const imported = await findImported(api, item, (await store.findText(key)) ?? '').catch((error: unknown) => {
      this.#ports.log.warn(`Could not look up what ${item.name} imports: ${String(error)}`)
      return []
    })
    for (const other of imported) await this.#followQuietly({ ...key, name: other.name }, other)
    await this.#ports.packages.bring(gatewayId)
    await this.#markLocalChange(key)
    return { file: store.file(key), key }
  }

  /** A file was saved: by its author, or by the editor on its own, which publishes nothing. */
  async saved(key: FunctionKey, text: string, isAskedFor: boolean): Promise<void> {
    const { publisher, statuses, store } = this.#ports
    if (isAskedFor && this.#ports.isPublishingOnSave()) return publisher.publish(key, text)
    const isChanged = await store.isChanged(key)
    if (publisher.isBusy(key)) return
    const kind = statuses.find(store.file(key))?.state.kind
    if (isChanged) statuses.setState(store.file(key), key, { kind: 'unpublished' })
    else if (kind === 'unpublished') statuses.setState(store.file(key), key, { kind: 'inStep' })
  }

  async accept(event: ImprunEvent): Promise<void> {
    const apiUrl = this.#ports.session.current?.backend.apiUrl
    if (!apiUrl) return
    if (event.type === 'hello') return this.#catchUp()
    if (event.type === 'function') {
      const key = { apiUrl, gatewayId: event.function.gatewayId, name: event.function.name }
      if (await this.#ports.store.findRecord(key)) await this.#followQuietly(key, event.function)
    }
    if (event.type === 'functionGone') await this.#forget(apiUrl, event.gatewayId, event.functionId)
  }

  /** Files that an earlier window left changed: marked, and sent in the order of their saving when the backend answers. */
  async findLeftovers(): Promise<void> {
    const apiUrl = this.#ports.session.current?.backend.apiUrl
    if (!apiUrl) return
    for (const key of await this.#ports.store.findChanged(apiUrl)) await this.#markLocalChange(key)
    if (this.#ports.session.status === 'online') await this.#ports.publisher.resume()
  }

  /** Takes up a file that is open in an editor. */
  async adopt(key: FunctionKey): Promise<void> {
    const { session, store } = this.#ports
    const { api, backend } = session.current ?? {}
    if (!api || backend?.apiUrl !== key.apiUrl || !(await store.findRecord(key))) return
    await this.#markLocalChange(key)
    const item = await api.call('getFunction', { params: { gatewayId: key.gatewayId, functionId: key.name } }).catch((error: unknown) => {
      if (!isImprunError(error) || error.code !== 'BACKEND_UNREACHABLE') this.#ports.log.warn(`Could not look up ${key.name}: ${String(error)}`)
      return undefined
    })
    if (item) await this.#followQuietly(key, item)
  }

  async #catchUp(): Promise<void> {
    for (const [, { key }] of [...this.#ports.statuses.entries()]) await this.adopt(key)
    await this.#ports.publisher.resume()
  }

  async #followQuietly(key: FunctionKey, item: ImprunFunction): Promise<void> {
    await this.#follow(key, item).catch((error: unknown) => this.#ports.log.warn(`Could not bring ${key.name} up to date: ${String(error)}`))
  }

  /** Never beside a publish of the same file: its answer is newer than anything that was asked before it. */
  async #follow(key: FunctionKey, item: ImprunFunction): Promise<void> {
    const { store, statuses, publisher } = this.#ports
    await publisher.unlessBusy(key, async () => {
      const file = store.file(key)
      const record = await store.findRecord(key)
      const known = statuses.find(file)
      if (known?.facts && isOlder(item, known.facts)) return
      const newest = record?.revision === item.revision && record.functionId === item.functionId ? item : await this.#take(key, item, record)
      statuses.setFacts(file, key, newest)
      const dev = newest.served.find((served) => served.environment === 'dev')
      const isSuperseded = known?.state.kind === 'live' ? known.state.version !== dev?.version : known?.state.kind === 'refused' && newest.isLiveInDev
      if (isSuperseded) statuses.setState(file, key, { kind: 'inStep' })
    })
  }

  /** Takes the server's text over if that loses nothing; answers the function as it is by then. */
  async #take(key: FunctionKey, item: ImprunFunction, record: MirrorRecord | undefined): Promise<ImprunFunction> {
    const { store, session, isDirty } = this.#ports
    const newest = await this.#withCode(key, item, record)
    if (newest?.code === undefined || !session.current) return item
    const served = { functionId: newest.functionId, revision: newest.revision, code: newest.code }
    const text = await store.findText(key)
    const isUntouched = text === undefined || (record !== undefined && hashText(text) === record.hash && !isDirty(store.file(key)))
    if (text === newest.code) await store.writeRecord(key, served)
    else if (isUntouched) await store.writeServed(key, served)
    // A file with no base, left by somebody else's hand: what it says was never sent, so the next save has to meet the server's text as a conflict.
    else if (!record) await store.writeRecord(key, { ...served, revision: Math.max(0, newest.revision - 1) })
    return newest
  }

  /** Events carry no code, and what was asked before the last publish may be behind it. */
  async #withCode(key: FunctionKey, item: ImprunFunction, record: MirrorRecord | undefined): Promise<ImprunFunction | undefined> {
    if (item.code !== undefined && item.revision >= (record?.revision ?? 0)) return item
    return this.#ports.session.current?.api.call('getFunction', { params: { gatewayId: key.gatewayId, functionId: item.functionId } })
  }

  async #markLocalChange(key: FunctionKey): Promise<void> {
    const { store, statuses, publisher } = this.#ports
    const file = store.file(key)
    const kind = statuses.find(file)?.state.kind ?? 'inStep'
    if (kind !== 'inStep' || !(await store.isChanged(key))) return
    if ((await store.findRecord(key))?.isWaiting) await publisher.wait(key)
    else statuses.setState(file, key, { kind: 'unpublished' })
  }

  async #forget(apiUrl: string, gatewayId: string, functionId: string): Promise<void> {
    const { statuses, store } = this.#ports
    for (const [file, { key, facts }] of [...statuses.entries()]) {
      if (key.apiUrl !== apiUrl || key.gatewayId !== gatewayId || facts?.functionId !== functionId) continue
      await store.forget(key)
      statuses.forget(file)
    }
  }
}

/** An event that was overtaken by the answer of a later call: another function of the same name is never older. */
function isOlder(item: ImprunFunction, known: ImprunFunction): boolean {
  if (item.functionId !== known.functionId) return false
  const lastServed = ({ served }: ImprunFunction) => Math.max(0, ...served.map(({ revision }) => revision))
  return item.revision < known.revision || (item.revision === known.revision && lastServed(item) < lastServed(known))
}
