import { kindOfName } from '@imprun/contracts'
import { type BuildOptions, build, type Message, type Plugin, stop } from 'esbuild'
import { isBuildFailure, sourceFileOf, toFault } from './build-faults.ts'
import { codeNotCompiling, codeWithoutDefaultExport } from './code-errors.ts'
import { type ExportedLiterals, readExportedLiterals } from './exported-literals.ts'
import { type BundleRequest, createBundler } from './imports/bundle.ts'
import type { BundledPackages, ImportedFile } from './imports/bundled.ts'
import type { ImportPorts } from './imports/import-ports.ts'

export interface Compiled {
  /** A classic script that leaves the module's exports in `__exports`. */
  code: string
  /** Points into `<name>.ts` and the files it imports; carries the text of those that are the author's. */
  sourceMap: string
  exportedLiterals: ExportedLiterals
  /** The gateway's own files in the bundle beside the function's, by name. */
  imports: readonly ImportedFile[]
  /** Absent when no package is in the bundle. */
  packages?: BundledPackages
}

export interface Compiler {
  /** Starts esbuild's process, so that the first publish does not wait for it. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * @param unit its name is the function's; faults and stack traces say `<name>.ts`. What it imports is read as it is saved now.
   * @throws CODE_NOT_COMPILING or CODE_WITHOUT_DEFAULT_EXPORT, with the place of every fault; CODE_TOO_LARGE for a bundle that runtimes would not take.
   */
  compile(unit: BundleRequest): Promise<Compiled>
}

const options = ({ name, code }: BundleRequest) =>
  ({
    stdin: { contents: code, sourcefile: sourceFileOf(name), loader: 'ts' },
    bundle: true,
    write: false,
    // Named only because an external source map asks for a file; nothing is written.
    outfile: 'function.js',
    format: 'iife',
    globalName: '__exports',
    platform: 'neutral',
    target: 'es2024',
    charset: 'utf8',
    sourcemap: 'external',
    logLevel: 'silent',
    // Licences stay beside what they are of; at the end they would stand where the exports are looked for.
    legalComments: 'inline',
    tsconfigRaw: '{}',
  }) as const satisfies BuildOptions

/** What stands by itself takes the short way. A name of Node's in a text or a comment only costs the long one. */
const mayNeedMore = /\b(?:import|require|from|Buffer|process|global|setImmediate)\b/

export function createCompiler(ports: ImportPorts): Compiler {
  const bundle = createBundler(ports)
  return {
    async start() {
      await build(options({ gatewayId: '', name: 'warm', code: 'export default () => {}' }))
    },
    stop,
    async compile(unit) {
      const file = sourceFileOf(unit.name)
      const bundled = await refusing(file, () => (mayNeedMore.test(unit.code) ? bundle(options(unit), unit) : buildAlone(unit)))
      if (kindOfName(unit.name) === 'module') return { ...bundled, exportedLiterals: {} }
      const exported = exportedNames(bundled.code)
      if (!exported.includes('default')) throw codeWithoutDefaultExport(file)
      return { ...bundled, exportedLiterals: await readExportedLiterals(file, unit.code, exported) }
    },
  }
}

/** Nothing that takes the short way imports; should something be taken for an import all the same, the disk of the backend is not read for it. */
const refuseImports: Plugin = {
  name: 'refuse-imports',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'entry-point' ? undefined : { errors: [{ text: `Could not resolve "${path}"` }] }))
  },
}

async function buildAlone(unit: BundleRequest): Promise<Omit<Compiled, 'exportedLiterals'>> {
  const { outputFiles } = await build({ ...options(unit), plugins: [refuseImports] })
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  return { code: textOf('.js'), sourceMap: textOf('.js.map'), imports: [] }
}

async function refusing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw codeNotCompiling(error.errors.map((message: Message) => toFault(file, message)))
  }
}

/**
 * esbuild does not list the exports of a classic script, but it returns one namespace object from it, made by one `__export` call that names them.
 * The worker looks again at what the script really leaves; this look is for a refusal that comes early and says what to write.
 */
function exportedNames(code: string): string[] {
  const namespace = /return __toCommonJS\(([^\s()]+)\);\s*\}\)\(\);\s*$/.exec(code)?.[1]
  if (namespace === undefined) return []
  const start = code.indexOf(`__export(${namespace}, {`)
  if (start < 0) return []
  const list = code.slice(start, code.indexOf('});', start))
  return [...list.matchAll(/^\s*"?([^\s":]+)"?: \(\) =>/gm)].map(([, name = '']) => name)
}
