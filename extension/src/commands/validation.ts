import type { z } from 'zod'

/** What a contract's rule says about a value, in its own words; undefined when it passes. */
export function firstFault(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value)
  return parsed.success ? undefined : parsed.error.issues[0]?.message
}
