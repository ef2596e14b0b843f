import { hostCalls, resumeCodes, type SubtleKey, type SubtleWork, stringPayloadBytesMax } from '../../bridge.ts'
import { assertNotOver, type CurrentRequest, currentRequest, enterRequest, onRequestOver } from '../current-request.ts'
import { callHost } from '../host.ts'
import { atob, btoa } from './base64.ts'
import { bytesToLatin1, latin1ToBytes, viewBytes } from './bytes.ts'
import { CryptoKey, createKey, type KeyMaterial, type KeyType, materialOf } from './crypto-key.ts'
import { DOMException } from './dom-exception.ts'

type Algorithm = string | ({ name: string } & Record<string, unknown>)
interface Waiting {
  resolve(result: string | Uint8Array<ArrayBuffer>): void
  reject(error: unknown): void
  readonly request: CurrentRequest | undefined
}

const waitingMax = 100
const waiting = new Map<number, Waiting>()
let lastTicket = 0

onRequestOver((request, reason) => {
  for (const [ticket, found] of waiting) {
    if (found.request !== request) continue
    waiting.delete(ticket)
    found.reject(reason)
  }
})

function askHost(work: SubtleWork, data: Uint8Array = new Uint8Array(0)): Promise<string | Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    assertNotOver()
    if (waiting.size >= waitingMax) throw new DOMException(`At most ${waitingMax} operations of crypto.subtle may wait at the same time.`, 'OperationError')
    const ticket = ++lastTicket
    waiting.set(ticket, { resolve, reject, request: currentRequest() })
    const payload = data.length <= stringPayloadBytesMax ? bytesToLatin1(data) : data.slice()
    callHost(hostCalls.subtle, ticket, currentRequest()?.call ?? -1, JSON.stringify(work), payload)
  })
}

export function resumeSubtle(code: number, ticket: number, payload: string | ArrayBuffer): void {
  const found = waiting.get(ticket)
  if (found === undefined) return
  waiting.delete(ticket)
  enterRequest(found.request)
  if (code === resumeCodes.subtleDone) found.resolve(typeof payload === 'string' ? payload : new Uint8Array(payload))
  else {
    const { name, message } = JSON.parse(String(payload)) as { name: string; message: string }
    found.reject(name === 'TypeError' ? new TypeError(message) : new DOMException(message, name))
  }
}

const askBytes = async (work: SubtleWork, data?: Uint8Array): Promise<ArrayBuffer> => {
  const result = await askHost(work, data)
  return typeof result === 'string' ? latin1ToBytes(result).buffer : result.buffer
}
const askText = async (work: SubtleWork, data?: Uint8Array): Promise<string> => {
  const result = await askHost(work, data)
  return typeof result === 'string' ? result : bytesToLatin1(result)
}

/** Bytes inside an algorithm (iv, salt, ...) cross as { bytes: base64 }, a key as a SubtleKey. */
function toPlain(algorithm: unknown): SubtleWork['algorithm'] {
  if (typeof algorithm === 'string') return { name: algorithm }
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(algorithm as object)) plain[name] = toPlainValue(name, value)
  return plain as SubtleWork['algorithm']
}
function toPlainValue(name: string, value: unknown): unknown {
  const bytes = viewBytes(value)
  if (bytes !== undefined) return { bytes: btoa(bytesToLatin1(bytes)) }
  if (value instanceof CryptoKey) return toSubtleKey(value, value.usages)
  return name === 'hash' && typeof value === 'object' && value !== null ? (value as { name: string }).name : value
}
const toSubtleKey = (key: CryptoKey, usages: readonly string[]): SubtleKey => ({ ...materialOf(key), algorithm: toPlain(key.algorithm), usages: [...usages] })
function toBytes(data: unknown): Uint8Array {
  const bytes = viewBytes(data)
  if (bytes === undefined) throw new TypeError('crypto.subtle takes bytes: an ArrayBuffer or a view of one. Make bytes of text with a TextEncoder.')
  return bytes
}
/** @throws DOMException InvalidAccessError */
function toKey(key: unknown, usage: string): SubtleKey {
  if (!(key instanceof CryptoKey)) throw new TypeError('The key is no CryptoKey.')
  if (!key.usages.includes(usage)) throw new DOMException(`The key is not made for "${usage}".`, 'InvalidAccessError')
  return toSubtleKey(key, [usage])
}
/** @throws DOMException InvalidAccessError */
function toExtractable(key: unknown): SubtleKey {
  if (!(key instanceof CryptoKey)) throw new TypeError('The key is no CryptoKey.')
  if (!key.extractable) throw new DOMException('The key is not extractable.', 'InvalidAccessError')
  return toSubtleKey(key, key.usages)
}
const fromMaterial = ({ format, data }: KeyMaterial): unknown => (format === 'jwk' ? JSON.parse(data) : latin1ToBytes(atob(data)).buffer)
interface MadeKey {
  type: KeyType
  algorithm: Record<string, unknown>
  usages: string[]
  material: KeyMaterial
}

async function makeKeys(work: SubtleWork, isExtractable: (type: KeyType) => boolean, data?: Uint8Array): Promise<CryptoKey[]> {
  const made = JSON.parse(await askText(work, data)) as MadeKey[]
  return made.map(({ material, type, usages, algorithm }) =>
    createKey({ type, usages, algorithm: fromPlain(algorithm), extractable: isExtractable(type) }, material),
  )
}
async function makeKey(work: SubtleWork & { isExtractable: boolean }, data?: Uint8Array): Promise<CryptoKey> {
  return (await makeKeys(work, () => work.isExtractable, data))[0] as CryptoKey
}
/** As the standard shows a key's algorithm. */
function fromPlain(algorithm: Record<string, unknown>): Record<string, unknown> {
  const { hash, publicExponent, ...rest } = algorithm
  const exponent = publicExponent as { bytes: string } | undefined
  return {
    ...rest,
    ...(hash === undefined ? {} : { hash: { name: hash } }),
    ...(exponent === undefined ? {} : { publicExponent: latin1ToBytes(atob(exponent.bytes)) }),
  }
}

export const subtle = Object.freeze({
  digest: async (algorithm: Algorithm, data: unknown) => askBytes({ operation: 'digest', algorithm: toPlain(algorithm) }, toBytes(data)),
  sign: async (algorithm: Algorithm, key: unknown, data: unknown) =>
    askBytes({ operation: 'sign', algorithm: toPlain(algorithm), key: toKey(key, 'sign') }, toBytes(data)),
  verify: async (algorithm: Algorithm, key: unknown, signature: unknown, data: unknown) =>
    (await askText(
      { operation: 'verify', algorithm: toPlain(algorithm), key: toKey(key, 'verify'), signature: btoa(bytesToLatin1(toBytes(signature))) },
      toBytes(data),
    )) === 'true',
  encrypt: async (algorithm: Algorithm, key: unknown, data: unknown) =>
    askBytes({ operation: 'encrypt', algorithm: toPlain(algorithm), key: toKey(key, 'encrypt') }, toBytes(data)),
  decrypt: async (algorithm: Algorithm, key: unknown, data: unknown) =>
    askBytes({ operation: 'decrypt', algorithm: toPlain(algorithm), key: toKey(key, 'decrypt') }, toBytes(data)),
  deriveBits: async (algorithm: Algorithm, key: unknown, length: number | null = null) =>
    askBytes({ operation: 'deriveBits', algorithm: toPlain(algorithm), key: toKey(key, 'deriveBits'), length }),
  deriveKey: async (algorithm: Algorithm, key: unknown, keyAlgorithm: Algorithm, extractable: unknown, usages: string[]) =>
    makeKey({
      ...{ operation: 'deriveKey', algorithm: toPlain(algorithm), key: toKey(key, 'deriveKey') },
      ...{ keyAlgorithm: toPlain(keyAlgorithm), isExtractable: Boolean(extractable), usages: [...usages] },
    }),
  wrapKey: async (format: KeyMaterial['format'], key: unknown, wrappingKey: unknown, algorithm: Algorithm) =>
    askBytes({ operation: 'wrapKey', algorithm: toPlain(algorithm), key: toKey(wrappingKey, 'wrapKey'), format, wrapped: toExtractable(key) }),
  unwrapKey: async (
    ...[format, wrapped, unwrappingKey, algorithm, keyAlgorithm, extractable, usages]: [
      ...[format: KeyMaterial['format'], wrapped: unknown, unwrappingKey: unknown, algorithm: Algorithm],
      ...[keyAlgorithm: Algorithm, extractable: unknown, usages: string[]],
    ]
  ) =>
    makeKey(
      {
        ...{ operation: 'unwrapKey', algorithm: toPlain(algorithm), key: toKey(unwrappingKey, 'unwrapKey'), format },
        ...{ keyAlgorithm: toPlain(keyAlgorithm), isExtractable: Boolean(extractable), usages: [...usages] },
      },
      toBytes(wrapped),
    ),
  async importKey(format: KeyMaterial['format'], data: unknown, algorithm: Algorithm, extractable: unknown, usages: string[]): Promise<CryptoKey> {
    const key = {
      format,
      data: format === 'jwk' ? JSON.stringify(data) : btoa(bytesToLatin1(toBytes(data))),
      algorithm: toPlain(algorithm),
      usages: [...usages],
    }
    return makeKey({ operation: 'importKey', algorithm: key.algorithm, key, isExtractable: Boolean(extractable) })
  },
  async generateKey(algorithm: Algorithm, extractable: unknown, usages: string[]): Promise<CryptoKey | { publicKey: CryptoKey; privateKey: CryptoKey }> {
    const work = { operation: 'generateKey', algorithm: toPlain(algorithm), usages: [...usages] }
    const keys = await makeKeys(work, (type) => type === 'public' || Boolean(extractable))
    const [publicKey, privateKey] = keys
    return privateKey === undefined ? (publicKey as CryptoKey) : { publicKey: publicKey as CryptoKey, privateKey }
  },
  async exportKey(format: KeyMaterial['format'], key: unknown): Promise<unknown> {
    const exported = toExtractable(key)
    return fromMaterial(JSON.parse(await askText({ operation: 'exportKey', algorithm: exported.algorithm, key: exported, format })) as KeyMaterial)
  },
})
