import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ImprunError, InputFault, Packages } from '@imprun/contracts'
import { isImprunError } from '@imprun/contracts/errors'
import { hashText } from '../platform/hash.ts'
import type { Log } from '../platform/log.ts'
import type { Session } from '../session/session.ts'
import { packageManifest, packageTypes } from './generated-files.ts'
import { gatewayFolder } from './mirror-paths.ts'
import { writeWhole } from './mirror-store.ts'

export interface PackageFilePorts {
  root: string
  session: Session
  isDirty(file: string): boolean
  log: Log
}

export type PackageOutcome = { packages: Packages } | { code: string; detail: string; faults: readonly InputFault[] }

const fileName = 'package.json'
/** Longer than the backend gives an installation, so that its own answer comes. */
const installTimeoutMs = 90_000
/** Holds the hash of what the file was last equal to; no function's record can have this name. */
const recordName = path.join('.imprun', '.packages')

/** `package.json` of a gateway: shows its packages, and declares them when it is saved. Knows nothing of VS Code. */
export class PackageFile {
  readonly #ports: PackageFilePorts

  constructor(ports: PackageFilePorts) {
    this.#ports = ports
  }

  /** The gateway whose package.json this is; undefined for other files, and for those of a backend that nobody is signed in to. */
  gatewayOf(file: string): string | undefined {
    const apiUrl = this.#ports.session.current?.backend.apiUrl
    if (!apiUrl || path.basename(file) !== fileName) return undefined
    const gatewayId = path.basename(path.dirname(file))
    return file === this.#file(apiUrl, gatewayId) ? gatewayId : undefined
  }

  /** Writes what the server has, unless the file holds something that was never accepted. */
  async bring(gatewayId: string): Promise<void> {
    const { session, isDirty, log } = this.#ports
    const { api, backend } = session.current ?? {}
    if (!api || !backend) return
    const file = this.#file(backend.apiUrl, gatewayId)
    const [text, known] = await Promise.all([readIfThere(file), readIfThere(this.#record(file))])
    const packages = await api.call('getPackages', { params: { gatewayId } }).catch((error: unknown) => {
      log.warn(`Could not read the packages of ${gatewayId}: ${String(error)}`)
      return undefined
    })
    const isUntouched = text === undefined || (known !== undefined && hashText(text) === known && !isDirty(file))
    if (isUntouched && (packages || text === undefined)) await this.#write(file, packageManifest(gatewayId, packages?.dependencies ?? {}))
    if (packages) await this.#writeTypes(file, packages)
  }

  /** Declares the packages that the text names. Never throws: what is wrong is told with its lines. */
  async save(gatewayId: string, text: string): Promise<PackageOutcome> {
    const { session } = this.#ports
    const { api, backend } = session.current ?? {}
    if (!api || !backend) return { code: 'SIGN_IN_REQUIRED', detail: 'Nobody is signed in.', faults: [] }
    const dependencies = parseDependencies(text)
    if (dependencies === undefined) return { code: 'BODY_NOT_JSON', detail: 'package.json is not valid JSON.', faults: [] }
    try {
      const packages = await api.call('putPackages', { params: { gatewayId }, body: { dependencies }, timeoutMs: installTimeoutMs })
      const file = this.#file(backend.apiUrl, gatewayId)
      await writeWhole(this.#record(file), hashText(text))
      await this.#writeTypes(file, packages)
      return { packages }
    } catch (error) {
      if (!isImprunError(error)) return { code: 'INTERNAL', detail: String(error), faults: [] }
      return toOutcome(error, text)
    }
  }

  async #write(file: string, text: string): Promise<void> {
    if ((await readIfThere(file)) !== text) await writeWhole(file, text)
    await writeWhole(this.#record(file), hashText(text))
  }

  #writeTypes(file: string, { dependencies }: Packages): Promise<void> {
    return writeWhole(path.join(path.dirname(file), 'packages.d.ts'), packageTypes(Object.keys(dependencies)))
  }

  #file(apiUrl: string, gatewayId: string): string {
    return path.join(gatewayFolder(this.#ports.root, { apiUrl, gatewayId }), fileName)
  }

  #record(file: string): string {
    return path.join(path.dirname(file), recordName)
  }
}

const readIfThere = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)

function parseDependencies(text: string): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    const { dependencies = {} } = parsed as { dependencies?: Record<string, string> }
    return dependencies
  } catch {
    return undefined
  }
}

const toOutcome = ({ code, message, errors = [] }: ImprunError, text: string): PackageOutcome => ({
  code,
  detail: message,
  faults: errors.map((fault) => ({ ...fault, ...placeOf(text, fault.field) })),
})

/** @returns the line of the dependency that a fault speaks of; of all of them when it speaks of none. */
export function placeOf(text: string, field: string): Pick<InputFault, 'line' | 'column' | 'length'> {
  const name = field.startsWith('dependencies.') ? field.slice('dependencies.'.length) : 'dependencies'
  const lines = text.split('\n')
  const start = Math.max(
    0,
    lines.findIndex((line) => line.includes('"dependencies"')),
  )
  const quoted = `"${name}"`
  const index = lines.findIndex((line, at) => at >= start && line.includes(quoted))
  const at = index < 0 ? start : index
  const column = Math.max(0, lines[at]?.indexOf(quoted) ?? 0)
  return { line: at + 1, column: column + 1, length: index < 0 ? 0 : quoted.length }
}
