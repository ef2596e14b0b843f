import { ImprunError, type InputFault, type RouteDefinition } from '@imprun/contracts'
import type { z } from 'zod'

export interface Input {
  params: Record<string, string>
  query: unknown
  body: unknown
}

/** Parses whatever arrived by the route's schemas. @throws INPUT_INVALID that names every faulty field at once. */
export function parseInput(route: RouteDefinition, raw: Input): Input {
  const faults: InputFault[] = []
  const parse = (schema: z.ZodType | undefined, value: unknown, prefix: string) => {
    if (!schema) return undefined
    const parsed = schema.safeParse(value, { reportInput: false })
    if (parsed.success) return parsed.data
    faults.push(...parsed.error.issues.flatMap((issue) => toFaults(issue, prefix)))
    return undefined
  }
  const query = parse(route.query, raw.query, 'query') ?? {}
  const body = parse(route.body, raw.body, '')
  if (faults.length > 0) throw new ImprunError('INPUT_INVALID', describe(faults), { errors: faults })
  return { params: raw.params, query, body }
}

function toFaults(issue: z.core.$ZodIssue, prefix: string): InputFault[] {
  const at = (path: readonly PropertyKey[]) => [...(prefix ? [prefix] : []), ...path.map(String)].join('.') || 'body'
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ field: at([...issue.path, key]), message: 'There is no such field.' }))
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ field: at(issue.path), message }))
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [{ field: at(issue.path), message: isMissing ? 'This field is required.' : issue.message }]
}

const describe = (faults: readonly InputFault[]) => faults.map(({ field, message }) => `${field}: ${message}`).join(' ')
