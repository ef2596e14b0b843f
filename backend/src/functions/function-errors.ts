import { codeBytesMax, ImprunError } from '@imprun/contracts'

export const functionNotFound = (reference: string) =>
  new ImprunError('FUNCTION_NOT_FOUND', `There is no function "${reference}" in this gateway. Check its name, or create it.`)

export const functionNameTaken = (name: string) =>
  new ImprunError('FUNCTION_NAME_TAKEN', `This gateway already has a function "${name}". Choose another name, or save to the existing one.`, {
    errors: [{ field: 'name', message: 'This name is taken.' }],
  })

export const codeTooLarge = (bytes: number) =>
  new ImprunError('CODE_TOO_LARGE', `The code has ${bytes} bytes; at most ${codeBytesMax} are allowed. Move data out of the code, or split the function.`, {
    errors: [{ field: 'code', message: `Use at most ${codeBytesMax} bytes.` }],
    facts: { bytes, bytesMax: codeBytesMax },
  })

interface Conflict {
  baseRevision: number
  revision: number
  theirs: { by: string; at: Date }
  yours: { by: string; at: Date }
}

/** Both authors are told, so that the editor can offer compare, overwrite or take theirs. */
export const revisionStale = ({ baseRevision, revision, theirs, yours }: Conflict) =>
  new ImprunError(
    'REVISION_STALE',
    `${theirs.by} saved revision ${revision} after revision ${baseRevision}, which your change started from. Compare the two, then save again with baseRevision ${revision}.`,
    {
      facts: {
        baseRevision,
        revision,
        theirs: { by: theirs.by, at: theirs.at.toISOString() },
        yours: { by: yours.by, at: yours.at.toISOString() },
      },
    },
  )
