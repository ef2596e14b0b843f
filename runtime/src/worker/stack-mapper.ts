import { SourceMap, type SourceMapPayload } from 'node:module'
import { guestScriptName } from '../sandbox/bridge.ts'

export interface CodePlace {
  /** Both 1-based. */
  line: number
  column: number
}
export interface SourcePlace extends CodePlace {
  /** As the map names it: `<name>.ts` for the gateway's own, `node_modules/…` for what a package brought. */
  file: string
}

/** Turns places in compiled code into places in what the author wrote. */
export interface StackMapper {
  /** Frames of the guest's own code are left out. */
  mapStack(stack: string): string
  /** @returns the place of the first frame in a file of the gateway; without one, that of the first in a package */
  findPlace(stack: string): SourcePlace | undefined
  mapPlace(place: CodePlace): SourcePlace | undefined
}

/** @param sourceMap JSON of the compiled code's map, read only when something failed; empty when the code is as the author wrote it */
export function createStackMapper(scriptName: string, sourceMap: string): StackMapper {
  const placePattern = new RegExp(`${scriptName.replace(/[^\w:/]/g, '\\$&')}:(\\d+):(\\d+)`, 'g')
  let parsed: SourceMap | undefined
  const origin = ({ line, column }: CodePlace): SourcePlace | undefined => {
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
      let inPackage: SourcePlace | undefined
      for (const [, line, column] of stack.matchAll(placePattern)) {
        const place = origin({ line: Number(line), column: Number(column) })
        if (place && isAuthors(place)) return place
        inPackage ??= place
      }
      return inPackage
    },
  }
}

const isAuthors = ({ file }: SourcePlace): boolean => !/^(?:node_modules\/|node(?:-part)?:)/.test(file)
