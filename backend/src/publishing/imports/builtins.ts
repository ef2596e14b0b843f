import { isBuiltin as isOfNode } from 'node:module'
import type { OnResolveResult, PluginBuild } from 'esbuild'
import { readBuiltinParts } from './builtin-parts.ts'
import { partNames, stubNames } from './builtin-table.ts'

/** Modules of Node's own: those that something else can stand in for, and those that nothing can. */
export interface Builtins {
  /** To be injected: gives `Buffer`, `process` and `setImmediate` to files that use them as globals. */
  readonly globalsPath: string
  isBuiltin(specifier: string): boolean
  /** @returns where the stand-in is; undefined when there is none. */
  resolve(specifier: string): OnResolveResult | undefined
  /** @returns why there is none and what to use instead; undefined when it is no module of Node's. */
  refusalOf(specifier: string): string | undefined
  /** Before all other resolvers. */
  register(build: PluginBuild): void
}

const moduleNamespace = 'node'
/** What the stand-ins are made of: ES modules, bundled once and cut so that they share what they have in common. */
const partNamespace = 'node-part'
const globalsPath = 'imprun-node-globals'

const bare = (specifier: string) => specifier.replace(/^node:/, '').replace(/\/$/, '')

const globalsCode = `import { Buffer } from 'node:buffer'
import process from 'node:process'
import { setImmediate, clearImmediate } from 'node:timers'
export { Buffer, process, setImmediate, clearImmediate }`

/** CommonJS, as Node's are: \`require\` has to give the very thing, which may be a function. */
const moduleCode = (name: string) =>
  stubNames.has(name) ? 'module.exports = {}' : `module.exports = require(${JSON.stringify(`./${partNames.get(name)}.js`)}).nodeModule`

export function createBuiltins(): Builtins {
  let parts: Promise<ReadonlyMap<string, string>> | undefined
  const resolve = (specifier: string): OnResolveResult | undefined => {
    const name = bare(specifier)
    return partNames.has(name) || stubNames.has(name) ? { path: name, namespace: moduleNamespace, sideEffects: false } : undefined
  }
  return {
    globalsPath,
    isBuiltin: (specifier) => isOfNode(bare(specifier)),
    resolve,
    refusalOf(specifier) {
      const name = bare(specifier)
      if (!isOfNode(name) && !specifier.startsWith('node:')) return undefined
      return `Functions have no "${specifier}" of Node's: ${remedies.get(name.split('/')[0] ?? '') ?? 'their code runs isolated, without a machine of its own.'}`
    },
    register(build) {
      build.onResolve({ filter: new RegExp(`^${globalsPath}$`) }, ({ kind }) =>
        kind === 'entry-point' ? { path: globalsPath, namespace: moduleNamespace, sideEffects: false } : undefined,
      )
      build.onResolve({ filter: /.*/, namespace: moduleNamespace }, ({ path }) =>
        path.startsWith('./') ? { path: path.slice(2), namespace: partNamespace, sideEffects: false } : resolve(path),
      )
      build.onResolve({ filter: /.*/, namespace: partNamespace }, ({ path }) => ({ path: path.slice(2), namespace: partNamespace }))
      build.onLoad({ filter: /.*/, namespace: moduleNamespace }, ({ path }) => ({
        contents: path === globalsPath ? globalsCode : moduleCode(path),
        loader: 'js',
      }))
      build.onLoad({ filter: /.*/, namespace: partNamespace }, async ({ path }) => {
        parts ??= readBuiltinParts()
        return { contents: (await parts).get(path) ?? '', loader: 'js' }
      })
    },
  }
}

const useFetch = 'call other services with fetch().'
const runsAlone = 'a function can not start or share processes and threads; call another function with imp.invoke().'
const remedies: ReadonlyMap<string, string> = new Map([
  ['fs', 'there are no files; keep data with imp.db(), and put fixed data into a module.'],
  ['http', useFetch],
  ['https', useFetch],
  ['http2', useFetch],
  ['net', useFetch],
  ['tls', useFetch],
  ['dgram', useFetch],
  ['dns', useFetch],
  ['child_process', runsAlone],
  ['worker_threads', runsAlone],
  ['cluster', runsAlone],
  ['vm', 'code that is made while running has no place of its own here.'],
  ['zlib', 'imprun compresses answers at its edge; packages in plain JavaScript such as fflate work.'],
  ['sqlite', 'keep data with imp.db().'],
  ['module', 'everything is bundled when it is published; use import.'],
])
