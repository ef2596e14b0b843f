import path from 'node:path'
import type { OnResolveArgs, OnResolveResult, PluginBuild } from 'esbuild'
import type { Builtins } from './builtins.ts'
import type { InstalledPackages } from './import-ports.ts'
import { packageAt, packageOf, placeOfPackage, type Trail } from './trail.ts'

/** Marks our own question, which must not be answered by ourselves. */
const asked = Symbol('asked')

/**
 * What esbuild itself makes of an import. It looks in every folder above as well, where the backend's own packages lie: those count as missing.
 * `disabled` is a file that the package leaves out for browsers.
 */
export async function nativeResolution(
  build: PluginBuild,
  { path: specifier, kind, importer, resolveDir }: OnResolveArgs,
  folder: string,
): Promise<{ path: string; sideEffects: boolean } | 'disabled' | 'missing'> {
  const found = await build.resolve(specifier, { kind, importer, namespace: 'file', resolveDir, pluginData: asked })
  if (found.errors.length > 0) return 'missing'
  if (found.namespace !== 'file') return 'disabled'
  return isInside(folder, found.path) ? { path: found.path, sideEffects: found.sideEffects } : 'missing'
}

const isInside = (folder: string, file: string): boolean => file.startsWith(`${folder}${path.sep}`)

const missingNamespace = 'missing'

/** What packages import of each other and of Node. Their own relative imports are esbuild's; what is loaded in the end is looked at. */
export function resolvePackageImports(build: PluginBuild, packages: InstalledPackages, builtins: Builtins, trail: Trail): void {
  const inFolder = (file: string) => path.relative(packages.folder, file).replaceAll('\\', '/')
  build.onResolve({ filter: /^[^.]/, namespace: 'file' }, async (args): Promise<OnResolveResult | undefined> => {
    if (args.pluginData === asked || args.kind === 'entry-point') return undefined
    const importer = placeOfPackage(inFolder(args.importer))
    const found = await nativeResolution(build, args, packages.folder)
    if (found === 'disabled') return undefined
    if (found === 'missing') {
      const builtin = builtins.resolve(args.path)
      if (builtin) return builtin
      // esbuild's own refusal: it lets those pass that the package itself catches.
      return builtins.isBuiltin(args.path) ? undefined : resolveMissing(args)
    }
    if (importer) trail.noteImport(packageOf(args.path), { package: packageAt(importer) })
    return undefined
  })
  build.onLoad({ filter: /.*/, namespace: missingNamespace }, ({ path: specifier }) => ({
    contents: `throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${specifier}'`)}), { code: 'MODULE_NOT_FOUND' })`,
    loader: 'js',
  }))
  build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path: file }) => {
    if (!isInside(packages.folder, file)) return { errors: [{ text: `Could not load "${path.basename(file)}": it lies outside of the package` }] }
    const place = placeOfPackage(inFolder(file))
    if (place) trail.notePackage(place)
    return undefined
  })
}

/** Packages often try whether another one is there: a `require` of what is missing throws when it is run, as in Node. */
const resolveMissing = ({ kind, path: specifier }: OnResolveArgs): OnResolveResult =>
  kind === 'require-call' ? { path: specifier, namespace: missingNamespace } : { errors: [{ text: `Could not resolve "${specifier}"` }] }
