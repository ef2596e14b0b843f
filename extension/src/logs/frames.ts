/** A place in a function's source, as stack traces name it. */
export interface Frame {
  /** The name of the function, or of the module that it imports. */
  readonly name: string
  /** Both 1-based. */
  readonly line: number
  readonly column: number
}
/** Where in the text the frame stands. */
export interface PlacedFrame extends Frame {
  readonly start: number
  readonly end: number
}

// What functions are named, then line and column. A path of another kind (node:internal, http://) has something before it that no name begins after.
const pattern = /(?<![\w./:@-])((?:[A-Za-z_][\w-]*\/)*[A-Za-z_][\w-]*)\.ts:(\d{1,6}):(\d{1,6})/g

export function findFrames(text: string): PlacedFrame[] {
  return [...text.matchAll(pattern)].map((match) => {
    const [whole, name = '', line, column] = match
    return { name, line: Number(line), column: Number(column), start: match.index, end: match.index + whole.length }
  })
}
