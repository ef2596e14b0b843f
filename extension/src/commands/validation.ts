import type { z } from 'zod'

/** What a contract's rule says about a text, in its own words; undefined when it passes. */
export function firstFault(schema: z.ZodType, text: string): string | undefined {
  const parsed = schema.safeParse(text)
  return parsed.success ? undefined : parsed.error.issues[0]?.message
}
