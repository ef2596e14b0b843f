import * as z from 'zod'
import { httpMethods } from '../http-methods.ts'
import { environmentNameSchema } from '../names.ts'

/** A request as the panel edits it and as it is kept: everything but the key. */
export const editedRequestSchema = z.object({
  method: z.enum(httpMethods),
  /** What follows the "?", without it. */
  query: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  body: z.string(),
})
export type EditedRequest = z.infer<typeof editedRequestSchema>

export const savedRequestSchema = z.object({ name: z.string().min(1).max(80), request: editedRequestSchema })
export type SavedRequest = z.infer<typeof savedRequestSchema>

/** One that was sent; `status` is absent when no answer came. */
export const sentRequestSchema = z.object({
  request: editedRequestSchema,
  environment: environmentNameSchema,
  status: z.number().int().optional(),
  durationMs: z.number().optional(),
  at: z.iso.datetime(),
})
export type SentRequest = z.infer<typeof sentRequestSchema>

export const sendTargetSchema = z.object({
  environment: environmentNameSchema,
  url: z.string(),
  needsKey: z.boolean(),
  /** The last characters of the key that is kept for it; the key itself stays with the host. */
  keyEnding: z.string().optional(),
})
export type SendTarget = z.infer<typeof sendTargetSchema>

export const sendRequestToHostSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('send'), environment: environmentNameSchema, request: editedRequestSchema }),
  z.object({ type: z.literal('cancel') }),
  /** Asks for the key in the host's own masked input. */
  z.object({ type: z.literal('enterKey'), environment: environmentNameSchema }),
  z.object({ type: z.literal('forgetKey'), environment: environmentNameSchema }),
  /** The host asks for a name. */
  z.object({ type: z.literal('save'), request: editedRequestSchema }),
  z.object({ type: z.literal('remove'), name: z.string() }),
])
export type SendRequestToHost = z.infer<typeof sendRequestToHostSchema>

export const sendRequestToWebviewSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('show'), target: z.string(), environment: environmentNameSchema, request: editedRequestSchema }),
  z.object({ type: z.literal('targets'), targets: z.array(sendTargetSchema) }),
  z.object({ type: z.literal('kept'), saved: z.array(savedRequestSchema), history: z.array(sentRequestSchema) }),
  z.object({ type: z.literal('sending') }),
  z.object({
    type: z.literal('answered'),
    status: z.number().int(),
    statusText: z.string(),
    durationMs: z.number(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    body: z.string(),
    bytes: z.number().int(),
    isTruncated: z.boolean(),
  }),
  /** No answer came; also after `cancel`. */
  z.object({ type: z.literal('failed'), message: z.string() }),
])
export type SendRequestToWebview = z.infer<typeof sendRequestToWebviewSchema>
