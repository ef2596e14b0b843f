const textCharsMax = 8192

/** Reads a thrown value without trusting it: it may be anything, with getters and proxies that throw. */
export function describeFailure(thrown: unknown): { message: string; stack: string } {
  try {
    if (typeof thrown === 'object' && thrown !== null) {
      const { message, stack } = thrown as { message?: unknown; stack?: unknown }
      const text = typeof message === 'string' && message !== '' ? message : Object.prototype.toString.call(thrown)
      return { message: cut(text), stack: typeof stack === 'string' ? cut(stack) : '' }
    }
    return { message: cut(String(thrown)), stack: '' }
  } catch {
    return { message: 'Something was thrown that cannot be read.', stack: '' }
  }
}

function cut(text: string): string {
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax)}...` : text
}
