/** The legacy numbers that the standard still gives some names. */
const codes: Record<string, number> = {
  InvalidCharacterError: 5,
  NotSupportedError: 9,
  SyntaxError: 12,
  InvalidAccessError: 15,
  AbortError: 20,
  QuotaExceededError: 22,
  TimeoutError: 23,
  DataCloneError: 25,
}

export class DOMException extends Error {
  override readonly name: string
  constructor(message: unknown = '', name: unknown = 'Error') {
    super(String(message))
    this.name = String(typeof name === 'object' && name !== null ? ((name as { name?: unknown }).name ?? 'Error') : name)
  }
  get code(): number {
    return codes[this.name] ?? 0
  }
  get [Symbol.toStringTag](): string {
    return 'DOMException'
  }
}
