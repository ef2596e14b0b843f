import { ImprunError, type InputFault } from '@imprun/contracts'

export const codeNotCompiling = (errors: readonly InputFault[]) => {
  const [first] = errors
  const where = first?.line === undefined ? '' : ` (${first.file} line ${first.line}, column ${first.column})`
  const more = errors.length > 1 ? ` There are ${errors.length - 1} more.` : ''
  return new ImprunError('CODE_NOT_COMPILING', `The code does not compile: ${first?.message ?? 'unknown fault'}${where}.${more}`, { errors })
}

export const codeWithoutDefaultExport = (file: string) =>
  new ImprunError('CODE_WITHOUT_DEFAULT_EXPORT', 'The code has no default export. Begin it with "export default async function name(req, res) {".', {
    errors: [
      { field: `${file}:1:1`, message: 'Export the handler: "export default async function name(req, res) { … }".', file, line: 1, column: 1, length: 0 },
    ],
  })

export const bundleTooLarge = (file: string, bytes: number, bytesMax: number) =>
  new ImprunError(
    'CODE_TOO_LARGE',
    `${file} and what it imports have ${bytes} bytes; at most ${bytesMax} are allowed. Import a smaller package, or less of it.`,
    {
      errors: [{ field: file, message: `Use at most ${bytesMax} bytes with all that is imported.`, file }],
      facts: { bytes, bytesMax },
    },
  )
