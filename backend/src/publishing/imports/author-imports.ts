import path from 'node:path'
import type { OnResolveArgs, OnResolveResult, PluginBuild } from 'esbuild'
import { gatewayNamespace, sourceFileOf, withoutNamespace } from '../build-faults.ts'
import type { Builtins } from './builtins.ts'
import type { GatewayFiles, InstalledPackages } from './import-ports.ts'
import { nativeResolution } from './package-imports.ts'
import { suggest } from './suggest.ts'
import { packageOf, type Trail } from './trail.ts'

export interface AuthorImportsOf {
  unit: { gatewayId: string; name: string; code: string }
  files: GatewayFiles
  packages: InstalledPackages | undefined
  builtins: Builtins
  trail: Trail
  /** Packages that can not be bundled, with the reason to put on the author's line. */
  blamed: ReadonlyMap<string, string>
}

const refuse = (text: string): OnResolveResult => ({ errors: [{ text }] })

/** What the gateway's own files import. Nothing is read from the disk but what the gateway's packages hold. */
export function resolveAuthorImports(build: PluginBuild, of: AuthorImportsOf): void {
  const codes = new Map([[of.unit.name, of.unit.code]])
  build.onResolve({ filter: /.*/, namespace: gatewayNamespace }, (args) => {
    const { path: specifier } = args
    if (/^\.\.?(?:\/|$)/.test(specifier)) return resolveFile(of, codes, args)
    if (/^(?:\/|[a-z][a-z0-9+.-]*:\/\/|data:|file:|[A-Za-z]:[\\/])/i.test(specifier)) {
      return refuse(`Could not resolve "${specifier}": import a file of this gateway by its relative path, or a package by its name`)
    }
    return resolvePackage(build, of, args)
  })
  build.onLoad({ filter: /.*/, namespace: gatewayNamespace }, (args) => {
    const contents = codes.get(args.path.slice(0, -'.ts'.length))
    return contents === undefined ? undefined : { contents, loader: 'ts' }
  })
}

async function resolveFile({ unit, files, trail }: AuthorImportsOf, codes: Map<string, string>, { path: specifier, importer }: OnResolveArgs) {
  const wanted = path.posix.join(path.posix.dirname(withoutNamespace(importer)), specifier)
  if (wanted.startsWith('..')) return refuse(`Could not resolve "${specifier}": it leads out of the gateway's folder`)
  const name = wanted.replace(/\.[jt]s$/, '')
  if (!codes.has(name)) {
    const code = await files.findCode(unit.gatewayId, name)
    if (code === undefined) return refuse(await missingFile(specifier, name, files, unit.gatewayId))
    codes.set(name, code)
    trail.noteFile(name, code)
  }
  return { path: sourceFileOf(name), namespace: gatewayNamespace }
}

async function missingFile(specifier: string, name: string, files: GatewayFiles, gatewayId: string): Promise<string> {
  const meant = suggest(name, await files.listNames(gatewayId))
  return `Could not resolve "${specifier}": this gateway has no file "${name}".${meant ? ` Did you mean "${meant}"?` : ' Create it, or save it first.'}`
}

async function resolvePackage(build: PluginBuild, of: AuthorImportsOf, args: OnResolveArgs): Promise<OnResolveResult> {
  const { packages, builtins, trail, blamed } = of
  const { path: specifier, kind } = args
  const name = packageOf(specifier)
  const blame = blamed.get(name)
  if (blame !== undefined) return refuse(blame)
  const isDeclared = packages !== undefined && name in packages.dependencies
  if (!isDeclared) {
    const builtin = builtins.resolve(specifier)
    if (builtin) return builtin
    return refuse(builtins.refusalOf(specifier) ?? undeclared(specifier, name, packages))
  }
  await packages.ensure()
  trail.noteImport(name, { file: withoutNamespace(args.importer) })
  const found = await nativeResolution(build, { ...args, kind, importer: '', namespace: 'file', resolveDir: packages.folder }, packages.folder)
  if (found === 'disabled' || found === 'missing') return refuse(`Could not resolve "${specifier}": the package "${name}" has no such file`)
  return found
}

function undeclared(specifier: string, name: string, packages: InstalledPackages | undefined): string {
  const meant = suggest(name, Object.keys(packages?.dependencies ?? {}))
  const remedy = meant ? `Did you mean "${meant}"?` : "Add it to the gateway's package.json."
  return `Could not resolve "${specifier}": "${name}" is not among the packages of this gateway. ${remedy}`
}
