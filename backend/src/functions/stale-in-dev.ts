import type { ReleaseStore } from '../releases/release-store.ts'
import type { FunctionStore } from './function-store.ts'

/** Names of modules that dev still serves an older text of, and of the functions that it serves it in. */
export interface StaleInDev {
  read(gatewayId: string): Promise<ReadonlySet<string>>
}

const nameOf = (file: string): string => file.slice(0, -'.ts'.length)

export function createStaleInDev(deps: {
  functions: Pick<FunctionStore, 'listServedInDev' | 'readCodeHashes'>
  releases: Pick<ReleaseStore, 'listImports'>
}): StaleInDev {
  return {
    async read(gatewayId) {
      const served = await deps.functions.listServedInDev(gatewayId)
      const bundled = await deps.releases.listImports(served.map(({ releaseId }) => releaseId))
      const files = bundled.flatMap(({ imports }) => imports)
      if (files.length === 0) return new Set()
      const hashes = await deps.functions.readCodeHashes(gatewayId, [...new Set(files.map(({ file }) => nameOf(file)))])
      const stale = new Set<string>()
      for (const { functionName, imports } of bundled) {
        const changed = imports.map(({ file, hash }) => ({ name: nameOf(file), hash })).filter(({ name, hash }) => hashes.get(name) !== hash)
        for (const name of changed.length > 0 ? [functionName, ...changed.map(({ name }) => name)] : []) stale.add(name)
      }
      return stale
    },
  }
}
