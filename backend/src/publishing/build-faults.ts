import type { InputFault } from '@imprun/contracts'
import type { BuildFailure, Message } from 'esbuild'

/** Where esbuild keeps the files of a gateway, which lie on no disk. */
export const gatewayNamespace = 'gateway'

export const sourceFileOf = (name: string): string => `${name}.ts`

/** The author's name of a file that esbuild names with its namespace. */
export const withoutNamespace = (file: string): string => (file.startsWith(`${gatewayNamespace}:`) ? file.slice(gatewayNamespace.length + 1) : file)

export const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error && Array.isArray(error.errors)

/** @param entryFile stands for a fault without a place. esbuild counts columns and lengths in bytes of UTF-8, editors in UTF-16 units. */
export function toFault(entryFile: string, { text, location }: Pick<Message, 'text' | 'location'>): InputFault {
  if (!location) return { field: entryFile, message: text, file: entryFile }
  const file = withoutNamespace(location.file)
  const bytes = Buffer.from(location.lineText, 'utf8')
  const unitsBetween = (start: number, end: number) => bytes.subarray(start, end).toString('utf8').length
  const column = unitsBetween(0, location.column) + 1
  const length = unitsBetween(location.column, location.column + location.length)
  return { field: `${file}:${location.line}:${column}`, message: text, file, line: location.line, column, length }
}
