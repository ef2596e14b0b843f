import * as z from 'zod'

/** Messages of the panel that shows a new key or access token once. It travels only here. */
export const newKeyToHostSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('copyKey') }),
  z.object({ type: z.literal('copyCurl') }),
  z.object({ type: z.literal('close') }),
])
export type NewKeyToHost = z.infer<typeof newKeyToHostSchema>

export const newKeyToWebviewSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('show'), holder: z.string(), target: z.string(), secret: z.string(), curl: z.string() }),
  z.object({ type: z.literal('copied'), what: z.enum(['key', 'curl']) }),
])
export type NewKeyToWebview = z.infer<typeof newKeyToWebviewSchema>
