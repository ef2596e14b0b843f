import { createHash } from 'node:crypto'
import { sourceFileOf } from '../build-faults.ts'
import type { BundledPackages, ImportedFile } from './bundled.ts'
import type { InstalledPackages } from './import-ports.ts'

/** What one build went through: what is in the bundle, and by which way a package came into it. */
export class Trail {
  readonly #codes = new Map<string, string>()
  readonly #places = new Set<string>()
  /** By package: the author's file, or else the package, that imports it. The first way found is told. */
  readonly #importers = new Map<string, { file: string } | { package: string }>()

  noteFile(name: string, code: string): void {
    this.#codes.set(name, code)
  }
  /** @param place for example `node_modules/a/node_modules/b` */
  notePackage(place: string): void {
    this.#places.add(place)
  }
  noteImport(imported: string, importer: { file: string } | { package: string }): void {
    const isFromItself = 'package' in importer && importer.package === imported
    if (!isFromItself && (!this.#importers.has(imported) || 'file' in importer)) this.#importers.set(imported, importer)
  }

  imports(): ImportedFile[] {
    const files = [...this.#codes].map(([name, source]) => ({
      file: sourceFileOf(name),
      hash: hashOfText(source),
      source,
    }))
    return files.sort((a, b) => (a.file < b.file ? -1 : 1))
  }

  packages(installed: InstalledPackages): BundledPackages | undefined {
    if (this.#places.size === 0) return undefined
    const versions = [...this.#places].sort().map((place) => ({ name: packageAt(place), version: installed.versionOf(place) }))
    return { lockHash: installed.lockHash, versions }
  }

  /** @returns the package that an author's file imports and the way from that file to `name`. */
  wayTo(name: string): { root: string; steps: string[] } | undefined {
    const steps = [name]
    for (let at = name; steps.length <= this.#importers.size + 1; ) {
      const importer = this.#importers.get(at)
      if (!importer) return undefined
      if ('file' in importer) return { root: at, steps: [importer.file, ...steps] }
      at = importer.package
      steps.unshift(at)
    }
    return undefined
  }
}

export const hashOfText = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** @returns the folder of the package that a file belongs to: `node_modules/a/node_modules/@b/c`. */
export function placeOfPackage(fileInFolder: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(fileInFolder)?.[0]
}

export const packageAt = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** `lodash/fp` is of lodash, `@scope/name/part` of @scope/name. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
