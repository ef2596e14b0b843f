const secrets: readonly [RegExp, string][] = [
  [/\bimp_(dev|staging|prod|user)_[\w-]{10,}/g, 'imp_$1_…'],
  [/\b(bearer)\s+[^\s"',;]+/gi, '$1 …'],
  [/(["']?(?:apikey|api_key|token|authorization|password|secret)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|(?!bearer\b)[^\s"',;}]+)/gi, '$1…'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/gi, '$1…@'],
]

/** Takes keys, tokens and passwords out of text that will be kept or shown. */
export function redact(text: string): string {
  return secrets.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}
