import type { ReleaseComparison } from '@imprun/contracts'
import { createTwoFilesPatch } from 'diff'
import { sourceFileOf } from '../publishing/build-faults.ts'
import type { StoredRelease } from './release-store.ts'

type Compared = Pick<StoredRelease, 'functionName' | 'version' | 'source' | 'imports' | 'packages'>

/** Of the author's files, as they were when each release was made. */
export function compareReleases(from: Compared, to: Compared): Pick<ReleaseComparison, 'files' | 'packages'> {
  const [before, after] = [filesOf(from), filesOf(to)]
  const files = [...new Set([...before.keys(), ...after.keys()])].flatMap((file) => {
    const [old, now] = [before.get(file), after.get(file)]
    if (old === now) return []
    const change = old === undefined ? ('added' as const) : now === undefined ? ('removed' as const) : ('changed' as const)
    return [{ file, change, patch: createTwoFilesPatch(file, file, old ?? '', now ?? '', from.version, to.version) }]
  })
  return { files, packages: comparePackages(versionsOf(from), versionsOf(to)) }
}

const filesOf = ({ functionName, source, imports = [] }: Compared): Map<string, string> =>
  new Map([[sourceFileOf(functionName), source], ...imports.map((imported): [string, string] => [imported.file, imported.source])])

const versionsOf = ({ packages }: Compared): Map<string, string> => new Map(packages?.versions.map(({ name, version }) => [name, version]))

function comparePackages(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReleaseComparison['packages'] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)]
    return old === now ? [] : [{ name, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) }]
  })
}
