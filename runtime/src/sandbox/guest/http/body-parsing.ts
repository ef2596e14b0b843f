import { isTextual } from '../../bridge.ts'
import type { File } from '../web/blob.ts'
import { latin1ToBytes } from '../web/bytes.ts'
import { parseMultipart } from '../web/multipart.ts'
import { parseFields } from './query.ts'

// Taken before any author's code runs.
const parseJson = JSON.parse
const jsonType = /^\s*application\/(?:[\w.-]+\+)?json/i
const formType = /^\s*application\/x-www-form-urlencoded/i
const multipartType = /^\s*multipart\/form-data\s*;/i

/** The caller sent a body that is not what its content type says. */
export class BodyNotReadable extends Error {}

/**
 * @param body text of a textual type, else one character per byte; not empty
 * @returns JSON's value, a form's fields as an object, text, or bytes
 * @throws BodyNotReadable
 */
export function parseBody(contentType: string | undefined, body: string): unknown {
  if (contentType !== undefined && multipartType.test(contentType)) return readAs('multipart/form-data', () => toFields(parseMultipart(body, contentType)))
  if (!isTextual(contentType)) return latin1ToBytes(body)
  if (jsonType.test(contentType ?? '')) return readAs('JSON', () => parseJson(body) as unknown)
  return formType.test(contentType ?? '') ? { ...parseFields(body) } : body
}

function readAs(kind: string, read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    throw new BodyNotReadable(`The body is not valid ${kind}: ${error instanceof Error ? error.message : 'it cannot be read.'}`)
  }
}

/** A name that comes again makes a list. */
function toFields(form: Iterable<[string, string | File]>): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null)
  for (const [name, value] of form) {
    const held = fields[name]
    fields[name] = held === undefined ? value : Array.isArray(held) ? [...held, value] : [held, value]
  }
  return { ...fields }
}
