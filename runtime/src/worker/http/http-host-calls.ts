import { hash } from 'node:crypto'
import * as z from 'zod'
import { hostCalls } from '../../sandbox/bridge.ts'
import type { HostCalls } from '../host-call.ts'
import { expressTools } from './express-tools.ts'

const argumentsCharsMax = 32 * 1024
const sha1CharsShown = 27

const header = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined)
const texts = z.array(z.string()).max(200)
const headers = z.record(z.string(), header)

const negotiate = z.tuple([header, texts])
/** What each tool takes: the guest's own code would pass it, an author who calls past it may pass anything. */
const argumentsOf = {
  accepts: negotiate,
  acceptsEncodings: negotiate,
  acceptsCharsets: negotiate,
  acceptsLanguages: negotiate,
  is: z.tuple([z.string(), texts]),
  mediaType: z.tuple([z.string()]),
  lookup: z.tuple([z.string()]),
  withUtf8: z.tuple([z.string()]),
  disposition: z.tuple([header]),
  cookie: z.tuple([
    z.string(),
    z.string(),
    z.strictObject({
      domain: z.string().optional(),
      path: z.string().optional(),
      maxAge: z.number().optional(),
      httpOnly: z.boolean().optional(),
      secure: z.boolean().optional(),
      partitioned: z.boolean().optional(),
      priority: z.string().optional(),
      sameSite: z.union([z.string(), z.boolean()]).optional(),
    }),
    z.number().nullable(),
  ]),
  isFresh: z.tuple([headers, headers]),
  range: z.tuple([z.number(), z.string(), z.boolean()]),
} satisfies Record<keyof typeof expressTools, z.ZodType>

/** @returns JSON: { value } or, when the package refuses, { error } */
function runExpressTool(name: unknown, json: unknown): string | undefined {
  if (typeof name !== 'string' || !Object.hasOwn(expressTools, name) || typeof json !== 'string' || json.length > argumentsCharsMax) return undefined
  const tool = name as keyof typeof expressTools
  try {
    const values = argumentsOf[tool].parse(JSON.parse(json)) as unknown[]
    return JSON.stringify({ value: (expressTools[tool] as (...values: unknown[]) => unknown)(...values) })
  } catch (error) {
    return JSON.stringify({ error: error instanceof TypeError ? error.message : 'An argument has the wrong type.' })
  }
}

/** The weak ETag that Express gives a body. */
function etagOf(body: unknown): string | undefined {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return undefined
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return `W/"${bytes.length.toString(16)}-${hash('sha1', bytes, 'base64').slice(0, sha1CharsShown)}"`
}

export const httpHostCalls: HostCalls = {
  [hostCalls.expressTool]: (_version, [name, json]) => runExpressTool(name, json),
  [hostCalls.etag]: (_version, [body]) => etagOf(body),
}
