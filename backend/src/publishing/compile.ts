import type { InputFault } from '@imprun/contracts'
import { type BuildFailure, type BuildOptions, build, type Message, type Plugin, stop } from 'esbuild'
import { codeNotCompiling, codeWithoutDefaultExport } from './code-errors.ts'

export interface Compiled {
  /** A classic script that leaves the module's exports in `__exports`. */
  code: string
  /** Points into `<name>.ts`, whose text it carries. */
  sourceMap: string
}

export interface Compiler {
  /** Starts esbuild's process, so that the first publish does not wait for it. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * @param name the function's name; faults and stack traces say `<name>.ts`.
   * @throws CODE_NOT_COMPILING or CODE_WITHOUT_DEFAULT_EXPORT, with the place of every fault.
   */
  compile(name: string, source: string): Promise<Compiled>
}

export const sourceFileOf = (name: string): string => `${name}.ts`

/** Without this, an absolute path in an import would be read from the disk of the backend. */
const refuseImports: Plugin = {
  name: 'refuse-imports',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { errors: [{ text: `Could not resolve "${path}": a function can not import this` }] },
    )
  },
}

const options = (name: string, contents: string) =>
  ({
    stdin: { contents, sourcefile: sourceFileOf(name), loader: 'ts' },
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
    tsconfigRaw: '{}',
    plugins: [refuseImports],
  }) as const satisfies BuildOptions

export function createCompiler(): Compiler {
  return {
    async start() {
      await build(options('warm', 'export default () => {}'))
    },
    stop,
    async compile(name, source) {
      const compiled = await buildOrRefuse(name, source)
      if (!hasDefaultExport(compiled.code)) throw codeWithoutDefaultExport(sourceFileOf(name))
      return compiled
    },
  }
}

async function buildOrRefuse(name: string, source: string): Promise<Compiled> {
  try {
    const { outputFiles } = await build(options(name, source))
    const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
    return { code: textOf('.js'), sourceMap: textOf('.js.map') }
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw codeNotCompiling(error.errors.map((message) => toFault(name, message)))
  }
}

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error && Array.isArray(error.errors)

/** esbuild counts columns and lengths in bytes of UTF-8, editors in UTF-16 units. */
function toFault(name: string, { text, location }: Message): InputFault {
  const file = sourceFileOf(name)
  if (!location) return { field: file, message: text, file }
  const bytes = Buffer.from(location.lineText, 'utf8')
  const unitsBetween = (start: number, end: number) => bytes.subarray(start, end).toString('utf8').length
  const column = unitsBetween(0, location.column) + 1
  const length = unitsBetween(location.column, location.column + location.length)
  return { field: `${file}:${location.line}:${column}`, message: text, file, line: location.line, column, length }
}

/**
 * esbuild does not list the exports of a classic script, but it returns one namespace object from it, made by one `__export` call that names them.
 * The worker looks again at what the script really leaves; this look is for a refusal that comes early and says what to write.
 */
function hasDefaultExport(code: string): boolean {
  const namespace = /return __toCommonJS\(([^\s()]+)\);\s*\}\)\(\);\s*$/.exec(code)?.[1]
  if (namespace === undefined) return false
  const start = code.indexOf(`__export(${namespace}, {`)
  return start >= 0 && /^\s*default: \(\) =>/m.test(code.slice(start, code.indexOf('});', start)))
}
