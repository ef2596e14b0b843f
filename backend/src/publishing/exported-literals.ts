import { SourceMap } from 'node:module'
import type { InputFault } from '@imprun/contracts'
import { type Node, type Program, parse, type VariableDeclaration } from 'acorn'
import { transform } from 'esbuild'
import { codeNotCompiling } from './code-errors.ts'

/** Settings that an author writes as exports; they are read at publish, without running the code. */
export const literalExports = ['schedule', 'timeZone'] as const
export type LiteralExport = (typeof literalExports)[number]

export interface ExportedLiteral {
  value: string
  /** Of the string itself; both 1-based. */
  line: number
  column: number
}
export type ExportedLiterals = Partial<Record<LiteralExport, ExportedLiteral>>

/**
 * @param exported the names that the compiled code exports; the file is parsed only when a setting is among them.
 * @throws CODE_NOT_COMPILING with the place of every setting that is not written as a string.
 */
export async function readExportedLiterals(file: string, source: string, exported: readonly string[]): Promise<ExportedLiterals> {
  const wanted = literalExports.filter((name) => exported.includes(name))
  if (wanted.length === 0) return {}
  // Types are not JavaScript; esbuild takes them out and says where everything was.
  const { code, map } = await transform(source, { loader: 'ts', format: 'esm', target: 'es2024', charset: 'utf8', sourcemap: 'external', sourcefile: file })
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const origins = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0])
  const found: ExportedLiterals = {}
  const faults: InputFault[] = []
  for (const name of wanted) {
    const expression = findExport(program, name)
    const place = originOf(origins, expression)
    const value = expression && stringOf(expression)
    if (value !== undefined) found[name] = { value, ...place }
    else faults.push(faultOf(file, name, place))
  }
  if (faults.length > 0) throw codeNotCompiling(faults)
  return found
}

const faultOf = (file: string, name: string, place: { line: number; column: number }): InputFault => ({
  field: `${file}:${place.line}:${place.column}`,
  message: `Write: export const ${name} = '...' with the text in quotes; it is read without running the code`,
  file,
  ...place,
  length: 0,
})

function originOf(origins: SourceMap, node: Node | undefined): { line: number; column: number } {
  const start = node?.loc?.start
  const found = start && origins.findOrigin(start.line, start.column + 1)
  return found && 'lineNumber' in found ? { line: found.lineNumber, column: found.columnNumber } : { line: 1, column: 1 }
}

/** @returns what a constant of this file is set to, or else the statement that exports the name. */
function findExport(program: Program, name: string): Node | undefined {
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration') continue
    if (statement.declaration?.type === 'VariableDeclaration') {
      const found = findConstant(statement.declaration, name)
      if (found) return found
    }
    for (const { local, exported } of statement.specifiers) {
      if (nameOf(exported) !== name) continue
      return findTopLevel(program, nameOf(local)) ?? statement
    }
  }
  return undefined
}

const nameOf = (node: { type: string; name?: string; value?: unknown }): string => (node.type === 'Identifier' ? (node.name ?? '') : String(node.value))

function findTopLevel(program: Program, name: string): Node | undefined {
  for (const statement of program.body) {
    if (statement.type === 'VariableDeclaration') {
      const found = findConstant(statement, name)
      if (found) return found
    }
    // esbuild parts a re-export into an import and an export.
    const imported = statement.type === 'ImportDeclaration' ? statement.specifiers.find(({ local }) => local.name === name) : undefined
    if (imported) return imported
  }
  return undefined
}

/** A variable may change later: what it is set to first says nothing. */
function findConstant({ kind, declarations }: VariableDeclaration, name: string): Node | undefined {
  const declared = declarations.find(({ id }) => id.type === 'Identifier' && id.name === name)
  return kind === 'const' ? (declared?.init ?? undefined) : declared
}

function stringOf(node: Node): string | undefined {
  const { type, value, expressions, quasis } = node as Node & { value?: unknown; expressions?: unknown[]; quasis?: { value: { cooked?: string | null } }[] }
  if (type === 'Literal' && typeof value === 'string') return value
  if (type === 'TemplateLiteral' && expressions?.length === 0) return quasis?.[0]?.value.cooked ?? undefined
  return undefined
}
