import { parseForm } from '../web/url-search-params.ts'

export type FormFields = Record<string, string | string[]>

/** As Express' simple parser: a name that comes again makes a list. No prototype, so no name means anything special. */
export function parseFields(text: string): FormFields {
  const fields: FormFields = Object.create(null)
  for (const [name, value] of parseForm(text)) {
    const held = fields[name]
    if (held === undefined) fields[name] = value
    else if (typeof held === 'string') fields[name] = [held, value]
    else held.push(value)
  }
  return fields
}
