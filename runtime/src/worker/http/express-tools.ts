import { createRequire } from 'node:module'
import type * as ContentDisposition from 'content-disposition'
import type * as ContentType from 'content-type'

/**
 * The packages that Express itself answers with, so that `req` and `res` say the same. They run here and not in the isolate, because their tables would
 * weigh on every context, and they are read at the first use, because most functions never ask.
 */

type Header = string | undefined
interface Accepts {
  types(types: string[]): unknown
  encodings(names: string[]): unknown
  charsets(names: string[]): unknown
  languages(names: string[]): unknown
}
interface Packages {
  accepts: (request: { headers: Record<string, Header> }) => Accepts
  'content-disposition': typeof ContentDisposition
  'content-type': typeof ContentType
  cookie: { serialize(name: string, value: string, options: Record<string, unknown>): string }
  fresh: (request: Record<string, Header>, response: Record<string, Header>) => boolean
  'mime-types': { contentType(type: string): string | false; lookup(type: string): string | false }
  'range-parser': (size: number, header: string, options: { combine?: boolean }) => unknown
  'type-is': { is(contentType: string, types: string[]): string | false }
}

const require = createRequire(import.meta.url)
const load = <Name extends keyof Packages>(name: Name): Packages[Name] => require(name) as Packages[Name]

const acceptsOf = (name: string, value: Header): Accepts => load('accepts')({ headers: { [name]: value } })

/** By the name that the guest calls. Arguments are checked by `runExpressTool`; results are what JSON holds. */
export const expressTools = {
  accepts: (header: Header, types: string[]) => acceptsOf('accept', header).types(types),
  acceptsEncodings: (header: Header, names: string[]) => acceptsOf('accept-encoding', header).encodings(names),
  acceptsCharsets: (header: Header, names: string[]) => acceptsOf('accept-charset', header).charsets(names),
  acceptsLanguages: (header: Header, names: string[]) => acceptsOf('accept-language', header).languages(names),
  is: (contentType: string, types: string[]) => load('type-is').is(contentType, types),
  /** With charset where the type has one. */
  mediaType: (typeOrEnding: string) => load('mime-types').contentType(typeOrEnding),
  /** Without. */
  lookup: (ending: string) => load('mime-types').lookup(ending),
  withUtf8: (contentType: string) => {
    const parsed = load('content-type').parse(contentType)
    return load('content-type').format({ ...parsed, parameters: { ...parsed.parameters, charset: 'utf-8' } })
  },
  disposition: (fileName: Header) => load('content-disposition').create(fileName),
  /** @param expiresAtMs milliseconds since 1970 */
  cookie: (name: string, encodedValue: string, options: Record<string, unknown>, expiresAtMs: number | null) =>
    load('cookie').serialize(name, encodedValue, { ...options, encode: String, ...(expiresAtMs === null ? {} : { expires: new Date(expiresAtMs) }) }),
  isFresh: (request: Record<string, Header>, response: Record<string, Header>) => load('fresh')(request, response),
  range: (size: number, header: string, combine: boolean) => {
    const ranges = load('range-parser')(size, header, { combine })
    return Array.isArray(ranges) ? { type: (ranges as unknown[] & { type?: string }).type, ranges: [...ranges] } : ranges
  },
}
