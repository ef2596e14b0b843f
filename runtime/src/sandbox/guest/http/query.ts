import { parseForm } from '../web/url-search-params.ts'

export type FormFields = Record<string, string | string[]>

/** As many names and values as Node reads of a query; more are hardly meant. */
export const queryPairsMax = 1000

/** As Express' simple parser: a name that comes again makes a list. No prototype, so no name means anything special. */
export function parseFields(text: string, pairsMax = Number.POSITIVE_INFINITY): FormFields {
  const fields: FormFields = Object.create(null)
  const pairs = parseForm(text)
  for (const [name, value] of pairs.length > pairsMax ? pairs.slice(0, pairsMax) : pairs) {
    const held = fields[name]
    if (held === undefined) fields[name] = value
    else if (typeof held === 'string') fields[name] = [held, value]
    else held.push(value)
  }
  return fields
}
