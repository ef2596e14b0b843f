import * as z from 'zod'

/** Work for which an author could keep a thread busy for long is bounded by its parameters. */
const iterationsMax = 1_000_000
const modulusBitsMax = 4096
const derivedBitsMax = 8192

const base64 = z.base64()
const bytes = z.strictObject({ bytes: base64 }).transform(({ bytes: text }) => new Uint8Array(Buffer.from(text, 'base64')))
const format = z.enum(['raw', 'pkcs8', 'spki', 'jwk'])
const usages = z.array(z.enum(['encrypt', 'decrypt', 'sign', 'verify', 'deriveBits', 'deriveKey', 'wrapKey', 'unwrapKey'])).max(8)
/** Which of these a name needs, and of what size, is the platform's own check. */
const keyAlgorithm = z.object({
  name: z.string().max(40),
  hash: z.string().max(20).optional(),
  namedCurve: z.string().max(20).optional(),
  iv: bytes.optional(),
  counter: bytes.optional(),
  additionalData: bytes.optional(),
  salt: bytes.optional(),
  info: bytes.optional(),
  label: bytes.optional(),
  publicExponent: bytes.optional(),
  tagLength: z.number().int().optional(),
  saltLength: z.number().int().nonnegative().max(1024).optional(),
  length: z.number().int().nonnegative().max(derivedBitsMax).optional(),
  iterations: z.number().int().nonnegative().max(iterationsMax).optional(),
  modulusLength: z.number().int().positive().max(modulusBitsMax).optional(),
})
const key = z.strictObject({ format, data: z.string(), algorithm: keyAlgorithm, usages })
const algorithm = keyAlgorithm.extend({ public: key.optional() })
const isExtractable = z.boolean()
/** What a key becomes that is made of something else. */
const made = { keyAlgorithm, isExtractable, usages }

/** SubtleWork (bridge.ts), as it comes from the guest. */
export const subtleWorkSchema = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('digest'), algorithm }),
  z.strictObject({ operation: z.enum(['sign', 'encrypt', 'decrypt']), algorithm, key }),
  z.strictObject({ operation: z.literal('verify'), algorithm, key, signature: base64 }),
  z.strictObject({ operation: z.literal('deriveBits'), algorithm, key, length: z.number().int().nonnegative().max(derivedBitsMax).nullable() }),
  z.strictObject({ operation: z.literal('deriveKey'), algorithm, key, ...made }),
  z.strictObject({ operation: z.literal('wrapKey'), algorithm, key, format, wrapped: key }),
  z.strictObject({ operation: z.literal('unwrapKey'), algorithm, key, format, ...made }),
  z.strictObject({ operation: z.literal('importKey'), algorithm: keyAlgorithm, key, isExtractable }),
  z.strictObject({ operation: z.literal('generateKey'), algorithm: keyAlgorithm, usages }),
  z.strictObject({ operation: z.literal('exportKey'), algorithm: keyAlgorithm, key, format }),
])
export type Work = z.infer<typeof subtleWorkSchema>
export type Key = z.infer<typeof key>

/** What keeps a thread busy by its kind, and not by the length of what it is done to. */
export function isHeavy({ operation, algorithm }: Work): boolean {
  return operation === 'generateKey' || algorithm.name.toUpperCase() === 'PBKDF2'
}

/** @returns the reason in an author's words */
export function describeRefusal({ issues: [issue] }: z.ZodError): string {
  const name = issue?.path.join('.') ?? ''
  if (issue?.code === 'too_big' && name !== '') return `${name} may be at most ${issue.maximum} in a function.`
  return name === '' ? 'This is not supported.' : `${name} is not supported as it is.`
}
