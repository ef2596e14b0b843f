import { SourceMap, type SourceMapPayload } from 'node:module'
import { guestScriptName } from '../sandbox/bridge.ts'

export interface SourcePlace {
  /** Both 1-based. */
  line: number
  column: number
}

/** Turns places in compiled code into places in what the author wrote. */
export interface StackMapper {
  /** Frames of the guest's own code are left out. */
  mapStack(stack: string): string
  /** @returns the place of the first frame that is the author's */
  findPlace(stack: string): SourcePlace | undefined
  mapPlace(place: SourcePlace): SourcePlace | undefined
}

/** @param sourceMap JSON of the compiled code's map, read only when something failed; empty when the code is as the author wrote it */
export function createStackMapper(scriptName: string, sourceMap: string): StackMapper {
  const placePattern = new RegExp(`${scriptName.replace(/[^\w:/]/g, '\\$&')}:(\\d+):(\\d+)`, 'g')
  let parsed: SourceMap | undefined
  const origin = ({ line, column }: SourcePlace): (SourcePlace & { file: string }) | undefined => {
    if (sourceMap === '') return { file: scriptName.slice('function:'.length), line, column }
    try {
      parsed ??= new SourceMap(JSON.parse(sourceMap) as SourceMapPayload)
    } catch {
      return undefined
    }
    const found = parsed.findOrigin(line, column)
    return 'fileName' in found ? { file: found.fileName, line: found.lineNumber, column: found.columnNumber } : undefined
  }
  return {
    mapPlace: origin,
    mapStack(stack) {
      const mapped = stack.replace(placePattern, (text, line, column) => {
        const place = origin({ line: Number(line), column: Number(column) })
        return place ? `${place.file}:${place.line}:${place.column}` : text
      })
      return mapped.includes(guestScriptName)
        ? mapped
            .split('\n')
            .filter((line) => !line.includes(guestScriptName))
            .join('\n')
        : mapped
    },
    findPlace(stack) {
      for (const [, line, column] of stack.matchAll(placePattern)) {
        const place = origin({ line: Number(line), column: Number(column) })
        if (place) return { line: place.line, column: place.column }
      }
      return undefined
    },
  }
}
