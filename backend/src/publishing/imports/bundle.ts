import { codeBytesMax } from '@imprun/contracts'
import { type BuildFailure, type BuildOptions, type BuildResult, build, type Message, type Plugin } from 'esbuild'
import { gatewayNamespace, isBuildFailure, sourceFileOf } from '../build-faults.ts'
import { bundleTooLarge } from '../code-errors.ts'
import { type AuthorImportsOf, resolveAuthorImports } from './author-imports.ts'
import { type Builtins, createBuiltins } from './builtins.ts'
import type { BundledPackages, ImportedFile } from './bundled.ts'
import type { ImportPorts } from './import-ports.ts'
import { resolvePackageImports } from './package-imports.ts'
import { tidySourceMap } from './source-map.ts'
import { packageAt, placeOfPackage, Trail } from './trail.ts'

export interface BundleRequest {
  gatewayId: string
  name: string
  code: string
}

export interface Bundle {
  code: string
  sourceMap: string
  imports: ImportedFile[]
  packages?: BundledPackages
}

/** Of the code, and of the files imported. Both and the map have to fit one document of MongoDB, with what else a release holds. */
export const bundleBytesMax = 8 * codeBytesMax
const sourceMapBytesMax = 1.5 * bundleBytesMax

/** @throws BuildFailure whose messages name places in the author's files; CODE_TOO_LARGE. */
export type Bundler = (options: BuildOptions, unit: BundleRequest) => Promise<Bundle>

export function createBundler(ports: ImportPorts): Bundler {
  const builtins = createBuiltins()
  return async (options, unit) => {
    const packages = await ports.packages.find(unit.gatewayId)
    const attempt = (trail: Trail, blamed: ReadonlyMap<string, string>) =>
      build(optionsOf(options, { unit, files: ports.files, packages, builtins, trail, blamed }))
    const trail = new Trail()
    try {
      const built = await attempt(trail, new Map())
      const bundled = packages && trail.packages(packages)
      const imports = trail.imports()
      checkSize(
        unit.name,
        imports.reduce((bytes, { source }) => bytes + Buffer.byteLength(source, 'utf8'), 0),
      )
      return { ...textsOf(built, unit.name), imports, ...(bundled ? { packages: bundled } : {}) }
    } catch (error) {
      const blamed = isBuildFailure(error) ? blamePackages(error, trail, builtins) : new Map<string, string>()
      // Once more, only to learn the lines on which the author imports what can not be bundled.
      if (blamed.size > 0) await attempt(new Trail(), blamed)
      throw error
    }
  }
}

function optionsOf({ stdin: _, ...options }: BuildOptions, of: AuthorImportsOf) {
  return {
    ...options,
    entryPoints: [sourceFileOf(of.unit.name)],
    // For the object form of a package's `browser` field; neither Node nor the DOM is there.
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['worker', 'browser', 'module'],
    define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
    inject: [of.builtins.globalsPath],
    // Packages are named by their place in this folder.
    ...(of.packages ? { absWorkingDir: of.packages.folder } : {}),
    plugins: [importPlugin(of)],
  } as const satisfies BuildOptions
}

const importPlugin = (of: AuthorImportsOf): Plugin => ({
  name: 'imports',
  setup(plugins) {
    of.builtins.register(plugins)
    plugins.onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'entry-point' ? { path, namespace: gatewayNamespace } : undefined))
    resolveAuthorImports(plugins, of)
    if (of.packages) resolvePackageImports(plugins, of.packages, of.builtins, of.trail)
  },
})

function checkSize(name: string, bytes: number): void {
  if (bytes > bundleBytesMax) throw bundleTooLarge(sourceFileOf(name), bytes, bundleBytesMax)
}

function textsOf({ outputFiles = [] }: BuildResult, name: string): Pick<Bundle, 'code' | 'sourceMap'> {
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  const code = textOf('.js')
  checkSize(name, Buffer.byteLength(code, 'utf8'))
  const sourceMap = tidySourceMap(textOf('.js.map'))
  return { code, sourceMap: Buffer.byteLength(sourceMap, 'utf8') > sourceMapBytesMax ? '' : sourceMap }
}

/** @returns by package that an author's file imports: why it can not be bundled. */
function blamePackages({ errors }: BuildFailure, trail: Trail, builtins: Builtins): Map<string, string> {
  const blamed = new Map<string, string>()
  for (const message of errors) {
    const place = message.location && placeOfPackage(message.location.file)
    const way = place && trail.wayTo(packageAt(place))
    if (way && !blamed.has(way.root)) blamed.set(way.root, reasonOf(message, way.steps, builtins))
  }
  return blamed
}

function reasonOf({ text, location }: Message, steps: readonly string[], builtins: Builtins): string {
  const needed = /^Could not resolve "([^"]+)"/.exec(text)?.[1]
  const refusal = needed === undefined ? undefined : builtins.refusalOf(needed)
  const [, root = ''] = steps
  if (refusal) return `The package "${root}" can not run here: ${[...steps, needed].join(' -> ')}. ${refusal}`
  return `The package "${root}" can not be bundled: ${steps.join(' -> ')}: ${text}${location ? ` (${location.file}:${location.line})` : ''}`
}
